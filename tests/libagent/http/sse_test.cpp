#include "libagent/http/sse.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

std::vector<sse_event> events_in(std::string_view stream) {
  std::vector<sse_event> events;
  sse_parser parser{[&](sse_event event) { events.push_back(std::move(event)); }};
  REQUIRE(parser.feed(stream));
  return events;
}

}  // namespace

TEST_CASE("an event is fields, data lines and a blank line", "[http]") {
  CHECK(format_sse({.data = "x"}) == "data: x\n\n");
  CHECK(format_sse({.event = "state", .data = "a\nb", .id = "7", .retry = 1500ms}) ==
        "event: state\nid: 7\nretry: 1500\ndata: a\ndata: b\n\n");
  CHECK(format_sse({.data = ""}) == "data: \n\n");
  const std::string odd{"a\0b", 3};  // the standard forbids it in an id only
  CHECK(format_sse({.event = odd, .data = ""}) == "event: " + odd + "\ndata: \n\n");
}

TEST_CASE("every kind of line break in data starts a new data line", "[http]") {
  CHECK(format_sse({.data = "a\r\nb\rc\n"}) == "data: a\ndata: b\ndata: c\ndata: \n\n");
}

TEST_CASE("an event name with a line break is a bug of the caller", "[http]") {
  CHECK_THROWS_AS(format_sse({.event = "a\nb", .data = ""}), contract_violation);
  CHECK_THROWS_AS(format_sse({.data = "", .id = "a\rb"}), contract_violation);
  CHECK_THROWS_AS(format_sse({.data = "", .id = std::string{"a\0b", 3}}), contract_violation);
}

TEST_CASE("a comment stays one comment", "[http]") {
  CHECK(format_sse_comment("keep\nalive") == ": keep alive\n\n");
  CHECK(events_in(format_sse_comment("data: x")).empty());
}

TEST_CASE("the parser accepts LF, CR and CRLF", "[http]") {
  for (const auto* stream :
       {"data:a\n\ndata: b\n\n", "data:a\r\rdata: b\r\r", "data:a\r\n\r\ndata: b\r\n\r\n"}) {
    CAPTURE(stream);
    CHECK(events_in(stream) == std::vector<sse_event>{{.data = "a"}, {.data = "b"}});
  }
}

TEST_CASE("the parser follows the standard's odd cases", "[http]") {
  CHECK(events_in("\xEF\xBB\xBF"
                  "data: x\n\n")
            .size() == 1);
  CHECK(events_in("data\n\n") == std::vector<sse_event>{{.data = ""}});
  CHECK(events_in("data:  two\n\n").front().data == " two");
  CHECK(events_in("event: only\n\n").empty());
  CHECK(events_in("event: lost\n\ndata: x\n\n").front().event.empty());
  CHECK(events_in("data: unfinished\n").empty());
  CHECK(events_in("unknown: x\n:comment\ndata: x\n\n") == std::vector<sse_event>{{.data = "x"}});
  CHECK(events_in("retry: 10\ndata:\n\n").front().retry == 10ms);
  CHECK_FALSE(events_in("retry: 10s\ndata:\n\n").front().retry);
}

TEST_CASE("events survive formatting, and a stream cut anywhere", "[http]") {
  const auto seed = GENERATE(range(0U, 50U));
  CAPTURE(seed);
  seeded_random random{seed};
  const std::vector<sse_event> sent{{.event = "state", .data = "{\"a\":1}", .id = "1"},
                                    {.data = "two\nlines\n"},
                                    {.event = "done", .data = "", .retry = 5ms}};
  std::string stream;
  for (const auto& event : sent)
    stream += format_sse(event) + format_sse_comment("ping");
  if (seed % 2 == 1) {  // every other run with CRLF, which a cut may fall into
    std::string crlf;
    for (const char c : stream)
      crlf += c == '\n' ? "\r\n" : std::string{c};
    stream = crlf;
  }
  std::vector<sse_event> got;
  sse_parser parser{[&](sse_event event) { got.push_back(std::move(event)); }};
  std::string_view rest = stream;
  while (!rest.empty()) {
    const auto piece = rest.substr(0, 1 + random() % 7);
    REQUIRE(parser.feed(piece));
    rest.remove_prefix(piece.size());
  }
  CHECK(got == sent);
}

TEST_CASE("an event beyond the limit is an error, not memory", "[http]") {
  std::size_t events = 0;
  sse_parser parser{[&](const sse_event&) { ++events; }, 16};
  CHECK(parser.feed("data: 0123456789\n\n"));
  CHECK(events == 1);
  CHECK(parser.feed("data: 01234567890").error().code == errc::too_large);
}
