// The name that people know a model's folder by.
#pragma once

#include <filesystem>

namespace drover::model {

// `folder` as an absolute path whose last part is the model's name. That is its own last part, but for a snapshot in Hugging
// Face's cache, .../models--OWNER--NAME/snapshots/REVISION: that is .../REVISION/OWNER/NAME here. No file is looked at.
std::filesystem::path PublishedPath(const std::filesystem::path& folder);

}  // namespace drover::model
