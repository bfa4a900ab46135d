#include "libagent/cache/chat_storability.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string_view>
#include <vector>

using namespace libagent;

namespace {

storability with_finish(const std::vector<std::string_view>& reasons) {
  return storability_of({.finish_reasons = reasons, .temperature = 0.0});
}

constexpr std::array<std::string_view, 1> stopped{"stop"};

}  // namespace

TEST_CASE("only answers that are complete may be stored", "[cache]") {
  CHECK(with_finish({"stop"}) == storability::storable);
  CHECK(with_finish({"tool_calls"}) == storability::storable);
  CHECK(with_finish({"stop", "tool_calls"}) == storability::storable);
  for (const auto* reason : {"", "length", "content_filter", "error", "Stop", "unknown"}) {
    CAPTURE(reason);
    CHECK(with_finish({reason}) == storability::incomplete);
    CHECK(with_finish({"stop", reason}) == storability::incomplete);
  }
  CHECK(with_finish({}) == storability::incomplete);
}

TEST_CASE("an error is never stored, whatever it says of its end", "[cache]") {
  CHECK(storability_of({.finish_reasons = stopped, .has_error = true, .temperature = 0.0}) ==
        storability::failed);
}

TEST_CASE("an answer that varies is stored on request only", "[cache]") {
  CHECK(storability_of({.finish_reasons = stopped}) == storability::varying);
  CHECK(storability_of({.finish_reasons = stopped, .temperature = 0.01}) == storability::varying);
  CHECK(is_storable({.finish_reasons = stopped, .temperature = 0.0}));
  CHECK(is_storable({.finish_reasons = stopped, .temperature = 1.0, .has_seed = true}));
  CHECK(is_storable({.finish_reasons = stopped, .accepts_repeats = true}));
}

TEST_CASE("an asker can forbid to store", "[cache]") {
  CHECK(storability_of({.finish_reasons = stopped,
                        .temperature = 0.0,
                        .accepts_repeats = true,
                        .no_store = true}) == storability::forbidden);
}
