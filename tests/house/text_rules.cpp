#include "tests/house/text_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace libagent::testing {

namespace {

// In pieces, so that this file does not break the rules it checks.
const std::array<std::string, 3> unfinished_marks{
    std::string{"TO"} + "DO", std::string{"FIX"} + "ME", std::string{"XX"} + "X"};
const std::array<std::string, 3> machine_paths{
    std::string{"/wo"} + "rk/", std::string{"/ro"} + "ot/", std::string{"../sha"} + "red"};

/// Whether an absolute path starts with `path` here, as opposed to a longer one that contains it.
bool has_machine_path(const std::string& line, const std::string& path) {
  for (auto at = line.find(path); at != std::string::npos; at = line.find(path, at + 1)) {
    if (at == 0 || (std::isalnum(static_cast<unsigned char>(line[at - 1])) == 0 &&
                    std::string{"}._-*~>"}.find(line[at - 1]) == std::string::npos))
      return true;
  }
  return false;
}

}  // namespace

std::vector<violation> check_text(const source_file& file) {
  std::vector<violation> found;
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const auto& mark : unfinished_marks) {
      if (has_word(lines[i], mark))
        found.push_back({file.path, i + 1, mark + ": finish it, or open an issue and remove it"});
    }
    for (const auto& path : machine_paths) {
      if (has_machine_path(lines[i], path))
        found.push_back({file.path, i + 1, path + " exists on one machine only"});
    }
  }
  return found;
}

}  // namespace libagent::testing
