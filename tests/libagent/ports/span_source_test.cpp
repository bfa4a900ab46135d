#include "libagent/ports/span_source.hpp"

#include "libagent/ports/span_ring.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <set>

using namespace libagent;

namespace {

constexpr const char* recorded_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr const char* unrecorded_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

}  // namespace

TEST_CASE("a span belongs below the traceparent that it is given", "[telemetry]") {
  span_source source{std::make_shared<span_ring>(1), 1};
  const auto place = source.place_below(recorded_parent);
  REQUIRE(place);
  CHECK(trace_id_text(place->context) == "0af7651916cd43dd8448eb211c80319c");
  CHECK(span_id_text(place->parent_span_id) == "b7ad6b7169203331");
  CHECK(place->context.span_id != place->parent_span_id);
  CHECK(place->context.sampled);
}

TEST_CASE("without a traceparent that can be read a span begins a trace", "[telemetry]") {
  span_source source{std::make_shared<span_ring>(1), 1};
  for (const auto* text : {"", "nonsense"}) {
    const auto place = source.place_below(text);
    REQUIRE(place);
    CHECK(place->parent_span_id == 0);
    CHECK(parse_traceparent(make_traceparent(place->context)) == place->context);
  }
}

TEST_CASE("what the caller does not record makes no span, nor does anything without a sink",
          "[telemetry]") {
  span_source source{std::make_shared<span_ring>(1), 1};
  CHECK_FALSE(source.place_below(unrecorded_parent));
  span_source without{nullptr, 1};
  CHECK_FALSE(without.place_below(recorded_parent));
  without.emit({});
}

TEST_CASE("no two spans share an id, also when their seeds lie close together", "[telemetry]") {
  std::set<std::uint64_t> ids;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    span_source source{std::make_shared<span_ring>(1), seed};
    for (int i = 0; i < 200; ++i)
      ids.insert(source.place_below(recorded_parent)->context.span_id);
  }
  CHECK(ids.size() == 4'000);
}
