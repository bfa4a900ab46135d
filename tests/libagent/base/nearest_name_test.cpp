#include "libagent/base/nearest_name.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace libagent;

namespace {

constexpr std::array<std::string_view, 4> cities{"berlin", "bern", "basel", "x"};

}  // namespace

TEST_CASE("the nearest name is found through a typo of each kind", "[base]") {
  CHECK(nearest_name("brelin", cities) == "berlin");  // two neighbours swapped
  CHECK(nearest_name("berli", cities) == "berlin");   // one missing
  CHECK(nearest_name("bassel", cities) == "basel");   // one too many
  CHECK(nearest_name("bazel", cities) == "basel");    // one wrong
  CHECK(nearest_name("BERN", cities) == "bern");
}

TEST_CASE("a name that is like no other has no nearest", "[base]") {
  CHECK_FALSE(nearest_name("zurich", cities).has_value());
  CHECK_FALSE(nearest_name("", cities).has_value());
  CHECK_FALSE(nearest_name("bern", {}).has_value());
}

TEST_CASE("a third of the letters may differ and not one more", "[base]") {
  const std::vector<std::string_view> known{"abcdef"};
  CHECK(nearest_name("abcdxx", known) == "abcdef");
  CHECK_FALSE(nearest_name("abcxxx", known).has_value());
}

TEST_CASE("names past 64 bytes are not compared", "[base]") {
  const std::string at_limit(64, 'a');
  const std::string past_limit(65, 'a');
  const std::vector<std::string_view> known{at_limit, past_limit};
  CHECK(nearest_name(at_limit, known) == at_limit);
  CHECK_FALSE(nearest_name(past_limit, known).has_value());
}

TEST_CASE("a hint names the nearest or says nothing", "[base]") {
  CHECK(did_you_mean("bazel", cities) == R"( (did you mean "basel"?))");
  CHECK(did_you_mean("zurich", cities).empty());
}
