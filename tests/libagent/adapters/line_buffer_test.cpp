#include "libagent/adapters/line_buffer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;

namespace {

std::vector<std::string> lines_in(line_buffer& buffer) {
  std::vector<std::string> found;
  while (auto line = buffer.next())
    found.push_back(*line);
  return found;
}

}  // namespace

TEST_CASE("lines come out the same however the bytes arrive", "[adapters]") {
  const std::string text = "one\n\ntwo and more\nlast\nrest";
  const auto piece = GENERATE(range(std::size_t{1}, std::size_t{28}));
  line_buffer buffer{100};
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    buffer.append(text.substr(at, piece));
    for (auto& line : lines_in(buffer))
      found.push_back(line);
  }
  CAPTURE(piece);
  CHECK(found == std::vector<std::string>{"one", "", "two and more", "last"});
  CHECK(buffer.take_rest() == "rest");
  CHECK(buffer.take_rest().empty());
}

TEST_CASE("a line is too long when more than its bound came without a newline", "[adapters]") {
  line_buffer buffer{4};
  buffer.append("ab\n1234");
  CHECK(lines_in(buffer) == std::vector<std::string>{"ab"});
  CHECK_FALSE(buffer.is_too_long());
  buffer.append("5");
  CHECK(lines_in(buffer).empty());
  CHECK(buffer.is_too_long());
}
