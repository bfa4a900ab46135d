#include "libagent/base/random.hpp"
#include "libagent/openai/chat_reply_reader.hpp"
#include "libagent/openai/chat_reply_writer.hpp"
#include "libagent/openai/chat_stream_reader.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace libagent;

namespace {

const reply_head round_trip_head{.id = "chatcmpl-1", .model = "agent:a", .created = 1'700'000'000};

std::string random_text(seeded_random& random, std::uint64_t size) {
  static constexpr std::array<std::string_view, 12> pieces{
      "a",        "Zq ", "é", "€", "🦊", "\n", "\"", "\\", "\t\x01", "data: [DONE]\n\n",
      "{\"a\":[", "\x7F"};
  std::string out;
  for (; size > 0; --size)
    out += pieces[random() % pieces.size()];
  return out;
}

chat_reply random_reply(seeded_random& random) {
  chat_reply reply{.id = round_trip_head.id, .model = round_trip_head.model};
  reply.message.role = chat_role::assistant;
  reply.message.content = random_text(random, random() % 8);
  reply.message.reasoning = random_text(random, random() % 3);
  for (auto left = random() % 4; left > 0; --left) {
    reply.message.tool_calls.push_back({.id = "call_" + std::to_string(left),
                                        .name = "tool_" + std::to_string(random() % 2),
                                        .arguments = "{\"" + std::to_string(left) + "\":1}"});
  }
  constexpr std::array<finish_reason, 3> ends{finish_reason::stop, finish_reason::length,
                                              finish_reason::content_filter};
  reply.finish = reply.message.tool_calls.empty() ? ends[random() % 3] : finish_reason::tool_calls;
  reply.usage = {.prompt = random() % 1'000,
                 .completion = random() % 1'000,
                 .cached = random() % 9,
                 .reasoning = random() % 9,
                 .estimated = random() % 2 == 0};
  if (random() % 2 == 0)
    reply.citations.push_back({"notes/é.md", 1, 2, random_text(random, 2)});
  reply.found = random() % 4 != 0;
  return reply;
}

/// Cuts a text into deltas, as a model would that writes several things in turn.
std::vector<chat_delta> random_deltas(const chat_reply& reply, seeded_random& random) {
  std::vector<chat_delta> out;
  for (const char c : reply.message.reasoning)
    out.push_back({.reasoning = {c}});
  for (const char c : reply.message.content)
    out.push_back({.content = {c}});
  // Whole code points only, as its contract wants; so neighbours are joined where needed.
  std::vector<chat_delta> whole;
  for (auto& delta : out) {
    const auto& text = delta.content + delta.reasoning;
    const bool continues = (static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80U;
    if (!whole.empty() && (continues || random() % 3 == 0)) {
      whole.back().content += delta.content;
      whole.back().reasoning += delta.reasoning;
    } else {
      whole.push_back(delta);
    }
  }
  for (std::uint32_t i = 0; i < reply.message.tool_calls.size(); ++i) {
    const auto& call = reply.message.tool_calls[i];
    whole.push_back({.tool_calls = {{.index = i, .id = call.id, .name = call.name}}});
    for (const char c : call.arguments)
      whole.push_back({.tool_calls = {{.index = i, .arguments = {c}}}});
  }
  return whole;
}

std::string as_stream(const chat_reply& reply, const std::vector<chat_delta>& deltas) {
  std::string out;
  chat_stream_writer writer{round_trip_head, true};
  for (const auto& delta : deltas)
    writer.write(delta, out);
  writer.finish(reply, out);
  return out;
}

template <class NextPiece>
chat_reply read_cut(std::string_view bytes, NextPiece&& next_piece) {
  std::string content;
  chat_stream_reader reader{[&content](const chat_delta& delta) { content += delta.content; }};
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, next_piece());
    if (!reader.feed(piece))
      break;
    bytes.remove_prefix(piece.size());
  }
  CHECK(reader.is_done());
  const auto reply = reader.finish();
  REQUIRE(reply);
  CHECK(content == reply->message.content);
  return *reply;
}

}  // namespace

TEST_CASE("any reply that is streamed reads back the same, cut into single bytes", "[openai]") {
  const auto seed = GENERATE(range(0U, 100U));
  CAPTURE(seed);
  seeded_random random{seed};
  const auto reply = random_reply(random);
  const auto bytes = as_stream(reply, random_deltas(reply, random));
  CHECK(read_cut(bytes, [] { return 1U; }) == reply);
  CHECK(read_cut(bytes, [&bytes] { return bytes.size(); }) == reply);
}

TEST_CASE("any reply that is streamed reads back the same, cut at random", "[openai]") {
  const auto seed = GENERATE(range(100U, 300U));
  CAPTURE(seed);
  seeded_random random{seed};
  const auto reply = random_reply(random);
  const auto bytes = as_stream(reply, random_deltas(reply, random));
  CHECK(read_cut(bytes, [&random] { return 1 + random() % 200; }) == reply);
}

TEST_CASE("a reply that is streamed reads back the same, cut in two at every byte", "[openai]") {
  chat_reply reply{.id = round_trip_head.id, .model = round_trip_head.model};
  reply.message = {.role = chat_role::assistant,
                   .content = "é🦊\n",
                   .tool_calls = {{"call_1", "f", "{\"q\":\"€\"}"}}};
  reply.finish = finish_reason::tool_calls;
  const auto bytes = as_stream(
      reply, {{.content = "é🦊\n"},
              {.tool_calls = {{.index = 0, .id = "call_1", .name = "f", .arguments = "{\"q\""}}},
              {.tool_calls = {{.index = 0, .arguments = ":\"€\"}"}}}});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    chat_stream_reader reader{{}};
    const auto first = reader.feed(std::string_view{bytes}.substr(0, cut));
    const auto second = reader.feed(std::string_view{bytes}.substr(cut));
    const auto read = reader.finish();
    const bool same = first && second && read && *read == reply;
    if (!same)
      FAIL("cut at byte " << cut);
  }
}

TEST_CASE("a stream that is cut anywhere before its last chunk is never a whole reply",
          "[openai]") {
  chat_reply reply;
  reply.message = {.role = chat_role::assistant, .content = "some text"};
  const auto bytes = as_stream(reply, {{.content = "some "}, {.content = "text"}});
  const auto last = bytes.find(R"("finish_reason":")");
  REQUIRE(last != std::string::npos);
  for (std::size_t cut = 0; cut < last; ++cut) {
    chat_stream_reader reader{{}};
    const auto fed = reader.feed(std::string_view{bytes}.substr(0, cut));
    const auto read = reader.finish();
    const bool was_cut = fed && !read && read.error().code == errc::unavailable;
    if (!was_cut)
      FAIL("cut at byte " << cut);
  }
}

TEST_CASE("any reply in one piece reads back the same", "[openai]") {
  const auto seed = GENERATE(range(0U, 200U));
  CAPTURE(seed);
  seeded_random random{seed};
  const auto reply = random_reply(random);
  const auto read = read_chat_reply(write_chat_reply(reply, round_trip_head));
  REQUIRE(read);
  CHECK(*read == reply);
}
