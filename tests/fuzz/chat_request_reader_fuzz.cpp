#include "libagent/openai/chat_request_reader.hpp"

#include "libagent/openai/chat_request_writer.hpp"
#include "libagent/record/json_parse.hpp"

#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace libagent;
using libagent::testing::fuzz_check;

// Duplicate members, which the strict reader refuses, can only come from what a client sent as a
// schema or as content in parts.
bool is_json(std::string_view text) {
  const auto done = with_parsed_json(text, {.bytes_max = 64U << 20U, .depth_max = 80},
                                     [](const nlohmann::json&) { return expected<void>{}; });
  return done || done.error().context.find("duplicate field") != std::string::npos ||
         done.error().context.find("out of range") != std::string::npos;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = read_chat_request(libagent::testing::fuzz_text(data, size));
  if (const auto* refused = std::get_if<http_error>(&first)) {
    fuzz_check(refused->status == 400 || refused->status == 413, "refusals are the client's fault");
    fuzz_check(!refused->message.empty(), "refusals say why");
    fuzz_check(is_json(error_response(*refused).body), "refusals are JSON");
    return 0;
  }
  const auto sent = write_chat_request(std::get<incoming_chat>(first).chat, {.stream = true});
  fuzz_check(is_json(sent), "what is written is JSON");
  const auto second = read_chat_request(sent, {.depth_max = 80});
  fuzz_check(std::holds_alternative<incoming_chat>(second), "what is written can be read");
  const auto again = write_chat_request(std::get<incoming_chat>(second).chat, {.stream = true});
  fuzz_check(sent == again, "reading what was written loses nothing");
  return 0;
}
