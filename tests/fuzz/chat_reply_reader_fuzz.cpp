#include "libagent/openai/chat_reply_reader.hpp"

#include "libagent/openai/chat_reply_writer.hpp"
#include "libagent/openai/chat_stream_reader.hpp"

#include "tests/fuzz/fuzz_target.hpp"

#include <string>

namespace {

using namespace libagent;
using libagent::testing::fuzz_check;

chat_delta as_one_delta(const chat_reply& reply) {
  chat_delta all{.content = reply.message.content, .reasoning = reply.message.reasoning};
  for (const auto& call : reply.message.tool_calls) {
    all.tool_calls.push_back({.index = static_cast<std::uint32_t>(all.tool_calls.size()),
                              .id = call.id,
                              .name = call.name,
                              .arguments = call.arguments});
  }
  return all;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = read_chat_reply(libagent::testing::fuzz_text(data, size));
  if (!reply) {
    fuzz_check(!reply.error().context.empty(), "errors say what came back");
    return 0;
  }
  const reply_head head{.id = reply->id, .model = reply->model};
  const auto same = read_chat_reply(write_chat_reply(*reply, head));
  fuzz_check(same && *same == *reply, "a reply that is written reads back the same");

  std::string events;
  chat_stream_writer writer{head, true};
  writer.write(as_one_delta(*reply), events);
  writer.finish(*reply, events);
  chat_stream_reader reader{{}};
  fuzz_check(reader.feed(events).has_value(), "a stream that is written can be read");
  const auto streamed = reader.finish();
  fuzz_check(streamed && *streamed == *reply, "a reply that is streamed reads back the same");
  return 0;
}
