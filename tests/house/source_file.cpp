#include "tests/house/source_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <string_view>

namespace libagent::testing {

namespace {

constexpr std::array<std::string_view, 8> top_folders{".ci",  "actors",   "apps",    "cmake",
                                                      "docs", "libagent", "scripts", "tests"};

constexpr std::array<std::string_view, 10> text_endings{".cpp",   ".hpp", ".h",  ".md",   ".txt",
                                                        ".cmake", ".in",  ".sh", ".json", ""};

bool is_text_file(const std::filesystem::path& path) {
  return std::ranges::find(text_endings, path.extension().string()) != text_endings.end();
}

source_file read_source(const std::filesystem::path& root, const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {.path = path.lexically_relative(root).generic_string(),
          .text = {std::istreambuf_iterator<char>{in}, {}}};
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Where the comment or literal that starts at `begin` ends (one past), or `begin` if none does.
std::size_t end_of_quiet_text(const std::string& text, std::size_t begin) {
  const auto past = [&](std::string_view closer, std::size_t from) {
    const auto found = text.find(closer, from);
    return found == std::string::npos ? text.size() : found + closer.size();
  };
  const std::string_view rest = std::string_view{text}.substr(begin);
  if (rest.starts_with("//"))
    return std::min(text.find('\n', begin), text.size());
  if (rest.starts_with("/*"))
    return past("*/", begin + 2);
  if (rest.starts_with("R\"")) {
    const auto open = text.find('(', begin);
    if (open == std::string::npos)
      return text.size();
    return past(")" + text.substr(begin + 2, open - begin - 2) + "\"", open);
  }
  // A quote after a digit or letter separates the digits of a number: 30'000.
  const bool separator = rest[0] == '\'' && begin > 0 && is_word_character(text[begin - 1]);
  if ((rest[0] != '"' && rest[0] != '\'') || separator)
    return begin;
  std::size_t end = begin + 1;
  while (end < text.size() && text[end] != rest[0] && text[end] != '\n')
    end += text[end] == '\\' ? 2U : 1U;
  return std::min(end + 1, text.size());
}

}  // namespace

std::string to_string(const violation& v) {
  return v.path + ":" + std::to_string(v.line) + ": " + v.reason;
}

std::vector<source_file> read_sources(const std::filesystem::path& root) {
  std::vector<source_file> found;
  for (const auto& entry : std::filesystem::directory_iterator{root}) {
    if (entry.is_regular_file() && is_text_file(entry.path()))
      found.push_back(read_source(root, entry.path()));
  }
  for (const auto folder : top_folders) {
    if (!std::filesystem::is_directory(root / folder))
      continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root / folder}) {
      if (entry.is_regular_file() && is_text_file(entry.path()))
        found.push_back(read_source(root, entry.path()));
    }
  }
  std::ranges::sort(found, {}, &source_file::path);
  return found;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string without_comments_and_strings(const std::string& text) {
  std::string result = text;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = end_of_quiet_text(text, at);
    for (std::size_t i = at; i < end; ++i) {
      if (text[i] != '\n')
        result[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return result;
}

bool has_word(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool starts = at == 0 || !is_word_character(text[at - 1]);
    const bool ends = end == text.size() || !is_word_character(text[end]);
    if (starts && ends)
      return true;
  }
  return false;
}

}  // namespace libagent::testing
