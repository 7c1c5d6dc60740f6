// Any bytes as a chat template: an error, or one that renders to a text or an error in bounded time and memory.
#include "model/jinja/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::model::jinja;
  const auto chat = ChatTemplate::Parse({reinterpret_cast<const char*>(data), size},
                                        {{"bos_token", "<s>"}, {"eos_token", "</s>"}});
  if (!chat.ok()) return 0;
  Json messages = UserMessage("What is 1+1?\xC3\xA9");
  (void)chat->Render(messages);
  messages.push_back({{"role", "assistant"}, {"content", "<think>x</think>\n2"}});
  (void)chat->Render(messages);
  return 0;
}
