# Headers that most files read, compiled once: reading them again is a third of the work of a file, with LibTorch's most of it. They change no
# meaning: every file includes what it uses, and clang's builds, whose libraries do without, find one that does not.
#
#   drover_pch         the standard library, Abseil, JSON and Protocol Buffers: libraries and programs
#   drover_test_pch    the same and GoogleTest: tests
#   drover_torch_pch   the same without GoogleTest, and LibTorch's tensors (not <torch/torch.h>: twice as large, and nothing here needs it)
#
# A header is used where all flags are those that it was compiled with: hence -pthread and -fPIC everywhere. Clang's builds, the sanitizers', have
# drover_test_pch alone: most of what they compile is tests, and half of a test is its headers.
set(DROVER_PCH drover_test_pch)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(DROVER_PCH drover_pch drover_test_pch)
endif()

set(common_headers
  <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint> <cstdio> <cstdlib> <cstring> <deque> <filesystem> <functional>
  <iterator> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set> <sstream> <string> <string_view> <thread> <tuple>
  <type_traits> <unordered_map> <unordered_set> <utility> <variant> <vector>
  <absl/base/thread_annotations.h> <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h> <absl/functional/function_ref.h>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/ascii.h> <absl/strings/match.h> <absl/strings/numbers.h>
  <absl/strings/str_cat.h> <absl/strings/str_format.h> <absl/strings/str_join.h> <absl/strings/str_replace.h>
  <absl/strings/str_split.h> <absl/strings/string_view.h> <absl/strings/strip.h> <absl/synchronization/mutex.h> <absl/time/clock.h>
  <absl/time/time.h> <absl/types/span.h>
  <google/protobuf/descriptor.h> <google/protobuf/map.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h>
  <nlohmann/json.hpp>)

# GCC forgets that these headers are a system's, and is wrong about Abseil's InlinedVector and the library's strings. Clang writes when it compiled
# into a header unless it is told not to, and then no two are the same to ccache.
set(quiet -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(quiet "SHELL:-Xclang -fno-pch-timestamp")
endif()

# _drover_precompile(NAME LIBRARY HEADER...)   a target that compiles the headers, with what LIBRARY wants
function(_drover_precompile name library)
  file(WRITE "${CMAKE_BINARY_DIR}/${name}.cc.new" "")
  file(COPY_FILE "${CMAKE_BINARY_DIR}/${name}.cc.new" "${CMAKE_BINARY_DIR}/${name}.cc" ONLY_IF_DIFFERENT)
  add_library(${name} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/${name}.cc")
  target_link_libraries(${name} PRIVATE ${library} absl::strings absl::statusor absl::synchronization absl::flat_hash_map
    nlohmann_json::nlohmann_json protobuf::libprotobuf)
  target_compile_options(${name} PRIVATE -fPIC ${quiet})
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

if(drover_pch IN_LIST DROVER_PCH)
  _drover_precompile(drover_pch Threads::Threads ${common_headers})
endif()
_drover_precompile(drover_test_pch GTest::gmock ${common_headers} <gmock/gmock.h> <gtest/gtest.h>)
if(DROVER_TORCH)
  _drover_precompile(drover_torch_pch drover_torch
    ${common_headers} <ATen/ATen.h> <ATen/Parallel.h> <c10/core/InferenceMode.h> <torch/types.h>)
endif()

# drover_reuse_precompiled(NAME HEADERS)
function(drover_reuse_precompiled name headers)
  # The headers were compiled with -fPIC; an executable's own -fPIE would make the compiler refuse them.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC ${quiet})
  target_precompile_headers(${name} REUSE_FROM ${headers})
endfunction()
