#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace libagent::testing {

/// One text file of the repository.
struct source_file {
  std::string path;  ///< Relative to the root of the repository, with `/`.
  std::string text;
};

/// A broken house rule, ready to be printed.
struct violation {
  std::string path;
  std::size_t line = 0;  ///< Counted from 1.
  std::string reason;

  friend bool operator==(const violation&, const violation&) = default;
};

[[nodiscard]] std::string to_string(const violation& v);

/// Reads the files below `root` that people write: sources, scripts, build files, documents and
/// configuration. Leaves out hidden folders but `.ci`, build trees and patches, which quote
/// other people's code.
[[nodiscard]] std::vector<source_file> read_sources(const std::filesystem::path& root);

/// Splits into lines without their ends.
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

/// The text with comments and the contents of string literals blanked; lines keep their numbers.
[[nodiscard]] std::string without_comments_and_strings(const std::string& text);

/// Whether `word` occurs in `text` as a whole word.
[[nodiscard]] bool has_word(const std::string& text, const std::string& word);

}  // namespace libagent::testing
