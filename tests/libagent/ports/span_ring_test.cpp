#include "libagent/ports/span_ring.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;

namespace {

void emit_spans(span_ring& ring, int from, int to) {
  for (int i = from; i < to; ++i) {
    span one;
    one.name = std::to_string(i);
    ring.emit(std::move(one));
  }
}

std::string names_of(const std::vector<span>& spans) {
  std::string names;
  for (const auto& each : spans)
    names += each.name;
  return names;
}

}  // namespace

TEST_CASE("spans are taken once, the oldest first, and stay visible", "[telemetry]") {
  span_ring ring{4};
  emit_spans(ring, 0, 3);
  CHECK(names_of(ring.take(2)) == "01");
  CHECK(names_of(ring.take(2)) == "2");
  CHECK(ring.take(2).empty());
  CHECK(names_of(ring.latest(2)) == "12");
  CHECK(ring.dropped() == 0);
}

TEST_CASE("a full ring drops the oldest spans and counts those nobody took", "[telemetry]") {
  span_ring ring{4};
  emit_spans(ring, 0, 2);
  CHECK(names_of(ring.take(9)) == "01");
  emit_spans(ring, 2, 9);
  CHECK(ring.dropped() == 3);
  CHECK(names_of(ring.latest(9)) == "5678");
  CHECK(names_of(ring.take(9)) == "5678");
}
