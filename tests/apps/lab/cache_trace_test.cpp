#include "apps/lab/cache_trace.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>
#include <zlib.h>

using namespace libagent;
using namespace libagent::lab;

namespace {

template <class Number>
void append_little_endian(std::string& to, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    to += static_cast<char>(value >> 8U * i & 0xFFU);
}

/// Two objects of sizes 10 and 20, costs 3 and 4, and these requests.
std::string small_trace(const std::vector<std::uint32_t>& requests) {
  std::string content = "AGTRACE1";
  append_little_endian<std::uint64_t>(content, requests.size());
  append_little_endian<std::uint64_t>(content, 2);
  for (const std::uint32_t number : {10U, 3U, 20U, 4U})
    append_little_endian(content, number);
  for (const auto id : requests)
    append_little_endian(content, id);
  return content;
}

std::filesystem::path write_gzip(const testing::temporary_folder& folder,
                                 const std::string& content) {
  const auto file = folder.path() / "small.agtrace.gz";
  auto* const out = gzopen(file.c_str(), "wb");
  gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
  gzclose(out);
  return file;
}

std::string problem_with(const std::string& content) {
  const testing::temporary_folder folder;
  const auto trace = read_trace(write_gzip(folder, content));
  return trace ? "none" : trace.error().context;
}

}  // namespace

TEST_CASE("a trace is read with sizes, costs, requests and mixed hashes", "[lab]") {
  const testing::temporary_folder folder;
  const auto file = write_gzip(folder, small_trace({0, 1, 0}));
  CHECK(trace_name(file) == "small");
  CHECK(find_traces(folder.path()).value() == std::vector{file});
  const auto trace = read_trace(file);
  REQUIRE(trace.has_value());
  CHECK(trace->requests == std::vector<std::uint32_t>{0, 1, 0});
  REQUIRE(trace->objects.size() == 2);
  CHECK(trace->objects[1].charge_bytes == 20);
  CHECK(trace->objects[1].cost == 4);
  CHECK(trace->objects[1].key_hash == hash_of_object(1));
}

TEST_CASE("what is wrong with a trace is said with its offset and what would be right", "[lab]") {
  const auto good = small_trace({0, 1, 0});
  CHECK_THAT(problem_with("AGTRACE2"), Catch::Contains("at offset 8: the content does not begin"));
  CHECK_THAT(problem_with(good.substr(0, 30)),
             Catch::Contains("at offset 28: the file ends within the table of objects, 2 bytes"));
  CHECK_THAT(problem_with(good.substr(0, good.size() - 1)),
             Catch::Contains("the file ends within the requests, 1 bytes early"));
  CHECK_THAT(problem_with(small_trace({0, 2})),
             Catch::Contains("request 1 is for object 2; ids from 0 to 1 are right"));
  CHECK_THAT(problem_with(good + "x"), Catch::Contains("the file should end here"));
  auto weightless = good;
  weightless[24] = 0;
  CHECK_THAT(problem_with(weightless), Catch::Contains("object 0 has size 0; at least 1"));
}

TEST_CASE("a head that promises too much is refused before anything is read", "[lab]") {
  std::string content = "AGTRACE1";
  append_little_endian<std::uint64_t>(content, std::uint64_t{1} << 40U);
  append_little_endian<std::uint64_t>(content, 2);
  CHECK_THAT(problem_with(content), Catch::Contains("at most 1073741824 and 268435456 are read"));
}

TEST_CASE("a folder without traces is an error that names it", "[lab]") {
  const testing::temporary_folder folder;
  CHECK_THAT(find_traces(folder.path()).error().context,
             Catch::Contains(folder.path().string() + ": no file ends in .agtrace.gz"));
  CHECK(find_traces(folder.path() / "absent").error().code == errc::not_found);
  CHECK(read_trace(folder.path() / "absent.agtrace.gz").error().code == errc::io_failed);
}
