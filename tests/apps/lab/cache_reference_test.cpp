#include "apps/lab/cache_reference.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace libagent::lab;

namespace {

constexpr auto reference_head =
    "trace,mode,size,policy,miss_ratio,byte_miss_ratio,cost_miss_ratio,frac\n";

expected<reference_results> read_reference(const std::string& content) {
  const testing::temporary_folder folder;
  folder.write("reference.csv", content);
  return reference_results::read(folder.path() / "reference.csv");
}

}  // namespace

TEST_CASE("the best of the field leaves out oracles, bounds and choosers", "[lab]") {
  const auto results = read_reference(std::string{reference_head} +
                                      "t,byte,100,LRU,0.5,0.4,0.3,0.1\n"
                                      "t,byte,100,ref:ARC,0.4,0.45,0.35,0.1\n"
                                      "t,byte,100,ref:Belady-bypass,0.1,0.1,0.1,0.1\n"
                                      "t,byte,100,bound:PFOO-L,0.1,0.1,0.1,0.1\n"
                                      "t,byte,100,ftlc-.1,0.2,0.2,0.2,0.1\n");
  REQUIRE(results.has_value());
  const reference_cell cell{.trace = "t", .mode = charge_mode::bytes, .capacity = 100};
  CHECK(results->best(cell, cache_objective::hits)->policy == "ref:ARC");
  CHECK(results->best(cell, cache_objective::cost)->policy == "LRU");
  CHECK(results->row(cell, "bound:PFOO-L")->miss_ratio == 0.1);
  CHECK(results->row(cell, "FIFO") == nullptr);
  CHECK(results->has("t", charge_mode::bytes));
  CHECK_FALSE(results->has("t", charge_mode::objects));
  CHECK(results->best({.trace = "t", .mode = charge_mode::bytes, .capacity = 99},
                      cache_objective::hits) == nullptr);
}

TEST_CASE("a bad reference is refused with its line and what is wrong", "[lab]") {
  const auto problem = [](const std::string& rest) { return read_reference(rest).error().context; };
  const std::string head{reference_head};
  CHECK_THAT(problem("trace,mode\n"), Catch::Contains("line 1: there is no column size"));
  CHECK_THAT(problem(head + "t,obj,1.5,LRU,0,0,0,0\n"),
             Catch::Contains("line 2: size is 1.5, not a whole number"));
  CHECK_THAT(problem(head + "t,obj,1,LRU,0,0,0,0\nt,lines,1,LRU,0,0,0,0\n"),
             Catch::Contains("line 3: mode is lines, not obj or byte"));
  CHECK_THAT(problem(head + "t,obj,1,LRU,1.5,0,0,0\n"),
             Catch::Contains("miss_ratio is 1.5, not from 0 to 1"));
  CHECK_THAT(problem(head + "t,obj,1\n"), Catch::Contains("fewer fields than columns"));
  CHECK(read_reference("").error().code == errc::io_failed);
}
