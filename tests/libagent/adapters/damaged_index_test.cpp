#include "libagent/base/random.hpp"

#include "tests/support/indexed_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace libagent;
using testing::indexed_folder;

namespace {

std::string read_all(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream{file, std::ios::binary}.rdbuf();
  return content.str();
}

}  // namespace

TEST_CASE("an index with any damage gives an error or an answer, and rebuild heals it",
          "[documents]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{40}));
  CAPTURE(seed);
  const indexed_folder folder;
  for (auto i = 0; i < 30; ++i)
    folder.documents.write(std::to_string(i) + ".txt", "apple " + std::string(500, 'b'));
  REQUIRE(folder.index());
  auto bytes = read_all(folder.database());
  seeded_random random{seed};
  for (auto i = 0; i < 40; ++i)
    bytes[random() % bytes.size()] = static_cast<char>(random());
  if (seed % 4 == 0)
    bytes.resize(random() % bytes.size());
  std::ofstream{folder.database(), std::ios::binary} << bytes;

  if (auto index = folder.open()) {
    const auto hits = (*index)->search(analyse_question("apple").terms, 10);
    if (!hits && hits.error().code == errc::corrupt)
      CHECK(hits.error().context.find("rebuild") != std::string::npos);
  }
  folder.documents.write("1.txt", "changed");
  const auto report = folder.index();
  if (!report && report.error().code == errc::corrupt)
    CHECK(report.error().context.find("rebuild") != std::string::npos);
  REQUIRE(folder.index({.rebuild = true}));
  CHECK(folder.files_with("apple").size() == 29);
}
