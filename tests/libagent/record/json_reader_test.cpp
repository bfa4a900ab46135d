#include "libagent/record/json_reader.hpp"

#include "libagent/record/json.hpp"
#include "libagent/tasks/task.hpp"

#include "tests/support/sample_records.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// Why `text` is not a T.
template <class T>
std::string misfit(std::string_view text) {
  const auto result = from_json<T>(text);
  if (result)
    return "accepted";
  CHECK(result.error().code == errc::invalid_argument);
  return result.error().context;
}

}  // namespace

TEST_CASE("a record is read from JSON with its lists, maps, enums and nested records", "[record]") {
  const auto read = from_json<sample::forecast>(
      R"({"scores":{"b":-2,"a":1},"days":[{"name":"Mon","sky":"rain"},{"high":3,"name":"Tue"}],
          "city":"Bern","note":"wet"})");
  REQUIRE(read);
  CHECK(*read == sample::forecast{.city = "Bern",
                                  .days = {{"Mon", 0, sample::sky::rain}, {"Tue", 3, {}}},
                                  .note = "wet",
                                  .scores = {{"a", 1}, {"b", -2}}});
}

TEST_CASE("a field of the wrong type is refused with its path and both types", "[record]") {
  CHECK(misfit<sample::forecast>(R"({"city":3})") == "/city: expected string, got number 3");
  CHECK(misfit<sample::forecast>(R"({"city":null})") == "/city: expected string, got null");
  CHECK(misfit<sample::forecast>(R"({"city":"a","days":{}})") ==
        "/days: expected array, got object");
  CHECK(misfit<sample::forecast>(R"({"city":"a","days":[{"name":"x"},7]})") ==
        "/days/1: expected object, got number 7");
  CHECK(misfit<sample::forecast>(R"({"city":"a","scores":{"a/b~c":1.5}})") ==
        "/scores/a~1b~0c: expected integer, got number 1.5");
  CHECK(misfit<sample::scalars>(R"({"flag":1})") == "/flag: expected boolean, got number 1");
  CHECK(misfit<sample::scalars>(R"({"f64":"x"})") == "/f64: expected number, got string");
  CHECK(misfit<sample::forecast>("[]") == "(root): expected object, got array");
}

TEST_CASE("a missing field is named together with its type", "[record]") {
  CHECK(misfit<sample::forecast>(R"({"city":"a","days":[{"name":"x"},{}]})") ==
        R"(/days/1: missing field "name" (expected string))");
  CHECK(misfit<sample::forecast>("{}") == R"((root): missing field "city" (expected string))");
}

TEST_CASE("an unknown field is refused with the known ones and the nearest", "[record]") {
  CHECK(misfit<sample::forecast>(R"({"cty":"a"})") ==
        R"(/cty: unknown field (known: city, days, note, scores; did you mean "city"?))");
  CHECK(misfit<sample::forecast>(R"({"city":"a","zzzzzzzz":1})") ==
        "/zzzzzzzz: unknown field (known: city, days, note, scores)");
  CHECK(misfit<sample::no_fields>(R"({"a":1})") == "/a: unknown field (known: none)");
  CHECK(from_json<sample::no_fields>("{}"));
}

TEST_CASE("integers are accepted up to both ends of their type and refused one past", "[record]") {
  CHECK(from_json<sample::scalars>(R"({"i8":-128,"u8":255,"i16":-32768,"u16":65535})"));
  CHECK(misfit<sample::scalars>(R"({"u8":256})") ==
        "/u8: number 256 is out of range (allowed: 0 to 255)");
  CHECK(misfit<sample::scalars>(R"({"u8":-1})") ==
        "/u8: number -1 is out of range (allowed: 0 to 255)");
  CHECK(misfit<sample::scalars>(R"({"i8":-129})") ==
        "/i8: number -129 is out of range (allowed: -128 to 127)");
  CHECK(misfit<sample::scalars>(R"({"i8":128})") ==
        "/i8: number 128 is out of range (allowed: -128 to 127)");

  CHECK(from_json<std::int64_t>("-9223372036854775808").value() == INT64_MIN);
  CHECK(from_json<std::int64_t>("9223372036854775807").value() == INT64_MAX);
  CHECK(misfit<std::int64_t>("9223372036854775808").find("out of range") != std::string::npos);
  CHECK(misfit<std::int64_t>("-9223372036854775809").find("at most 64 bits") != std::string::npos);
  CHECK(from_json<std::uint64_t>("18446744073709551615").value() == UINT64_MAX);
  CHECK(misfit<std::uint64_t>("18446744073709551616").find("at most 64 bits") != std::string::npos);
}

TEST_CASE("whole numbers may be spelled with a fraction or an exponent, others may not",
          "[record]") {
  CHECK(from_json<std::int32_t>("2.0").value() == 2);
  CHECK(from_json<std::int32_t>("-1e3").value() == -1000);
  CHECK(from_json<std::uint8_t>("-0.0").value() == 0);
  CHECK(misfit<std::int32_t>("2.5") == "(root): expected integer, got number 2.5");
  CHECK(from_json<std::int64_t>("9007199254740992.0").value() == 9007199254740992);
  CHECK(misfit<std::int64_t>("9007199254740994.0") ==
        "(root): expected integer of at most 64 bits, spelled in digits, got number "
        "9007199254740994");
}

TEST_CASE("declared ranges hold at both ends", "[record]") {
  CHECK(from_json<sample::nested>(R"({"percent":0,"ratio":0.5})"));
  CHECK(from_json<sample::nested>(R"({"percent":100,"ratio":1})"));
  CHECK(misfit<sample::nested>(R"({"percent":101})") ==
        "/percent: number 101 is out of range (allowed: 0 to 100)");
  CHECK(misfit<sample::nested>(R"({"percent":-1})") ==
        "/percent: number -1 is out of range (allowed: 0 to 100)");
  CHECK(misfit<sample::nested>(R"({"percent":3000000000})") ==
        "/percent: number 3000000000 is out of range (allowed: 0 to 100)");
  CHECK(misfit<sample::nested>(R"({"ratio":0.49})") ==
        "/ratio: number 0.49 is out of range (allowed: 0.5 to 1)");
  CHECK(misfit<sample::scalars>(R"({"f32":1e39})").find("/f32: number") == 0);
}

TEST_CASE("sizes are accepted up to the limit and refused past it", "[record]") {
  CHECK(from_json<sample::forecast>(R"({"city":"1234567890123456"})"));
  CHECK(misfit<sample::forecast>(R"({"city":"12345678901234567"})") ==
        "/city: string of 17 bytes, at most 16 allowed");
  CHECK(misfit<sample::forecast>(
            R"({"city":"a","days":[{"name":""},{"name":""},{"name":""},{"name":""}]})") ==
        "/days: array of 4 elements, at most 3 allowed");
  CHECK(misfit<sample::forecast>(R"({"city":"a","scores":{"a":1,"b":2,"c":3}})") ==
        "/scores: object of 3 members, at most 2 allowed");
  CHECK(misfit<sample::scalars>(R"({"pair":[1,2,3]})") ==
        "/pair: expected exactly 2 elements, got 3");
}

TEST_CASE("an enum's misfit lists the values and the nearest", "[record]") {
  CHECK(misfit<sample::day>(R"({"name":"x","sky":"claer"})") ==
        R"(/sky: expected one of "clear", "cloudy", "rain", got "claer" (did you mean "clear"?))");
  CHECK(misfit<sample::day>(R"({"name":"x","sky":1})") == "/sky: expected string, got number 1");
}

TEST_CASE("times are whole numbers from zero to a hundred years", "[record]") {
  CHECK(from_json<std::chrono::milliseconds>("0").value() == 0ms);
  CHECK(from_json<std::chrono::milliseconds>("3153600000000").value() == 24h * 36'500);
  CHECK(misfit<std::chrono::milliseconds>("3153600000001").find("out of range") !=
        std::string::npos);
  CHECK(misfit<std::chrono::milliseconds>("-1").find("out of range") != std::string::npos);
  CHECK(misfit<std::chrono::milliseconds>("1.5") == "(root): expected integer, got number 1.5");
}

TEST_CASE("an absent field gets its fallback and an absent or null optional is empty", "[record]") {
  const auto read = from_json<sample::nested>(R"({"inner":null})");
  REQUIRE(read);
  CHECK(read->ratio == 1.0);
  CHECK_FALSE(read->inner.has_value());
  CHECK(from_json<sample::nested>(R"({"holes":[1,null,3]})")->holes ==
        std::vector<std::optional<std::int32_t>>{1, std::nullopt, 3});
}

TEST_CASE("a raw field takes any JSON and keeps it as text", "[record]") {
  const auto read =
      from_json<task_request>(R"({"target":"t","arguments":{"b":[1, 2.5],"a":null}})");
  REQUIRE(read);
  CHECK(read->arguments.text == R"({"a":null,"b":[1,2.5]})");
  CHECK(from_json<task_request>(R"({"target":"t","arguments":null})")->arguments.text.empty());
  CHECK(from_json<task_request>(R"({"target":"t"})")->arguments.text.empty());
}

TEST_CASE("a task id is read from a UUID and refused otherwise", "[record]") {
  const auto id = make_task_id(1'700'000'000'000, 1, 2);
  CHECK(from_json<task_id>('"' + to_string(id) + '"').value() == id);
  CHECK(misfit<sample::scalars>(R"({"id":"nonsense"})") == "/id: expected a UUID, got string");
}

TEST_CASE("an error's context never repeats the text of a string that does not fit", "[record]") {
  CHECK(misfit<sample::scalars>(R"({"i32":"sk-secret"})") == "/i32: expected integer, got string");
}
