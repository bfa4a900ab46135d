#include "libagent/openai/chat_stream_reader.hpp"

#include "libagent/openai/code_point_joiner.hpp"

#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace {

using namespace libagent;
using libagent::testing::fuzz_check;

/// A reply, and what its deltas come to.
struct read_stream {
  std::optional<chat_reply> reply;
  errc code = errc::ok;
  chat_message seen;
  bool began = false;

  friend bool operator==(const read_stream&, const read_stream&) = default;
};

void add_seen(chat_message& seen, const chat_delta& delta) {
  seen.content += delta.content;
  seen.reasoning += delta.reasoning;
  fuzz_check(to_valid_utf8(delta.content) == delta.content, "deltas are whole code points");
  for (const auto& piece : delta.tool_calls) {
    fuzz_check(piece.index <= seen.tool_calls.size(), "calls are numbered without gaps");
    if (piece.index == seen.tool_calls.size())
      seen.tool_calls.emplace_back();
    auto& call = seen.tool_calls[piece.index];
    call.id += piece.id;
    call.name += piece.name;
    call.arguments += piece.arguments;
  }
}

read_stream read_in_pieces(std::string_view bytes, std::size_t piece) {
  constexpr chat_reply_options options{.reply_bytes_max = 4'096,
                                       .calls_max = 8,
                                       .arguments_bytes_max = 512,
                                       .event_bytes_max = 2'048,
                                       .id_seed = 1};
  read_stream out;
  chat_stream_reader reader{[&out](const chat_delta& delta) { add_seen(out.seen, delta); },
                            options};
  while (!bytes.empty()) {
    if (!reader.feed(bytes.substr(0, piece)))
      break;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  auto reply = reader.finish();
  out.began = reader.began();
  if (reply) {
    out.reply = *reply;
  } else {
    out.code = reply.error().code;
  }
  return out;
}

void check_reply(const read_stream& stream) {
  const auto& message = stream.reply->message;
  fuzz_check(message.content == stream.seen.content, "the deltas come to the reply's text");
  fuzz_check(message.reasoning == stream.seen.reasoning, "the deltas come to its reasoning");
  fuzz_check(message.tool_calls == stream.seen.tool_calls, "the deltas come to its calls");
  fuzz_check(message.content.size() <= 3 * 4'096, "replies are bounded");
  for (const auto& call : message.tool_calls) {
    const auto same = std::ranges::count(message.tool_calls, call.id, &tool_call::id);
    fuzz_check(!call.id.empty() && same == 1, "each call has an id of its own");
    fuzz_check(!call.name.empty(), "each call names a tool");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = libagent::testing::fuzz_text(data, size);
  const auto whole = read_in_pieces(bytes, bytes.size() + 1);
  fuzz_check(whole == read_in_pieces(bytes, 1), "cuts do not matter");
  fuzz_check(whole == read_in_pieces(bytes, 5), "cuts do not matter");
  if (whole.reply)
    check_reply(whole);
  return 0;
}
