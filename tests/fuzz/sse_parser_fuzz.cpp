#include "libagent/http/sse.hpp"

#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using libagent::sse_event;
using libagent::sse_parser;
using libagent::testing::fuzz_check;

struct parsed_events {
  std::vector<sse_event> events;
  bool good = true;

  friend bool operator==(const parsed_events&, const parsed_events&) = default;
};

parsed_events parse_in_pieces(std::string_view bytes, std::size_t piece) {
  constexpr std::size_t event_bytes_max = 4'096;
  parsed_events out;
  sse_parser parser{[&out](sse_event event) { out.events.push_back(std::move(event)); },
                    event_bytes_max};
  while (!bytes.empty() && out.good) {
    out.good = parser.feed(bytes.substr(0, piece)).has_value();
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = libagent::testing::fuzz_text(data, size);
  const auto whole = parse_in_pieces(bytes, bytes.size() + 1);
  fuzz_check(whole == parse_in_pieces(bytes, 1), "cuts do not matter");
  fuzz_check(whole == parse_in_pieces(bytes, 7), "cuts do not matter");
  std::string again;
  for (const auto& event : whole.events)
    again += format_sse(event);
  fuzz_check(parse_in_pieces(again, again.size() + 1).events == whole.events,
             "what is written reads back the same");
  return 0;
}
