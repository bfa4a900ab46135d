#include "actors/protocol/named_enum_access.hpp"
#include "libagent/base/random.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tasks/task.hpp"

#include "tests/support/sample_records.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/byte_buffer.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

template <class T>
caf::byte_buffer wire_form(T value) {
  caf::byte_buffer bytes;
  caf::binary_serializer sink{nullptr, bytes};
  REQUIRE(sink.apply(value));
  return bytes;
}

template <class T>
std::optional<T> from_wire(const caf::byte_buffer& bytes) {
  T value{};
  caf::binary_deserializer source{nullptr, bytes};
  if (!source.apply(value) || source.remaining() != 0)
    return std::nullopt;
  return value;
}

sample::forecast sample_forecast() {
  return {.city = "Bern",
          .days = {{"Mon", 1.5, sample::sky::rain}, {"Tue", -3, sample::sky::clear}},
          .note = "wet",
          .scores = {{"a", 1}, {"b", -2}}};
}

task_record sample_task_record() {
  task_record record;
  record.id = make_task_id(1'700'000'000'000, 1, 2);
  record.target = "add";
  record.task_lane = lane::batch;
  record.state = task_state::failed;
  record.attempt = 2;
  record.started_at = 5;
  record.progress = task_progress{.fraction = 0.5, .message = "half"};
  record.result = raw_json{R"({"a":[1]})"};
  record.failure = error{errc::tool_failed, "add threw: no"};
  record.node = "b";
  return record;
}

}  // namespace

TEST_CASE("the inspect overload that gives a record its JSON also gives it a wire format",
          "[record]") {
  const auto value = sample_forecast();
  CHECK(from_wire<sample::forecast>(wire_form(value)) == value);
}

TEST_CASE("a record of every scalar type survives the wire", "[record]") {
  seeded_random random{7};
  sample::scalars value;
  value.flag = true;
  value.i8 = -128;
  value.u16 = 65'535;
  value.i64 = INT64_MIN;
  value.u64 = UINT64_MAX;
  value.f32 = 0.1F;
  value.f64 = 1e300;
  value.wait = 250ms;
  value.id = make_task_id(1, random(), random());
  value.extra = raw_json{R"({"a":1})"};
  value.pair = {1, -2};
  CHECK(from_wire<sample::scalars>(wire_form(value)) == value);
}

TEST_CASE("containers in containers and empty optionals survive the wire", "[record]") {
  sample::nested value;
  value.table = {{1, 2}, {}};
  value.bits = {true, false};
  value.words = {{"a", {"b", "c"}}};
  value.weights = {{"x", 0.5}};
  value.holes = {1, std::nullopt};
  CHECK(from_wire<sample::nested>(wire_form(value)) == value);
  value.inner = sample_forecast();
  CHECK(from_wire<sample::nested>(wire_form(value)) == value);
}

TEST_CASE("a task's record and request are the same after the wire", "[record]") {
  const auto record = sample_task_record();
  const auto read = from_wire<task_record>(wire_form(record));
  REQUIRE(read);
  CHECK(to_json(*read) == to_json(record));

  const task_request request{
      .target = "add", .arguments = {R"({"a":1})"}, .timeout = 5s, .lane_override = lane::batch};
  const auto read_request = from_wire<task_request>(wire_form(request));
  REQUIRE(read_request);
  CHECK(to_json(*read_request) == to_json(request));
}

TEST_CASE("a truncated record or one with an enum value of nobody is refused", "[record]") {
  auto bytes = wire_form(sample_forecast());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(from_wire<sample::forecast>({bytes.begin(), bytes.begin() + static_cast<int>(size)})
                    .has_value());
  }
  const auto day = wire_form(sample::day{"Mon", 1.5, sample::sky::rain});
  auto changed = day;
  changed.back() = static_cast<caf::byte>(9);  // the enum is the last field
  CHECK(from_wire<sample::day>(day).has_value());
  CHECK_FALSE(from_wire<sample::day>(changed).has_value());
}
