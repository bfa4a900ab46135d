#include "libagent/knowledge/file_selection.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

TEST_CASE("names tell the kind of a file", "[knowledge]") {
  CHECK(kind_of_file_name("README.md") == text_kind::markdown);
  CHECK(kind_of_file_name("index.HTML") == text_kind::html);
  CHECK(kind_of_file_name("main.cpp") == text_kind::source);
  CHECK(kind_of_file_name("notes.txt") == text_kind::plain);
  CHECK(kind_of_file_name("copyright") == text_kind::plain);
}

TEST_CASE("hidden files, backups and files that are never text are left out", "[knowledge]") {
  for (const auto* name : {".profile", "a.png", "a.tar.gz", "lib.so", "a.pdf", "notes.txt~", ""})
    CHECK_FALSE(kind_of_file_name(name).has_value());
}

TEST_CASE("hidden directories, dependencies and build trees are left out", "[knowledge]") {
  for (const auto* name : {".git", "node_modules", "build", "__pycache__"})
    CHECK_FALSE(is_indexed_directory(name));
  CHECK(is_indexed_directory("docs"));
}

TEST_CASE("a NUL or many broken bytes make a file binary", "[knowledge]") {
  CHECK(looks_binary(std::string("abc\0def", 7)));
  CHECK_FALSE(looks_binary("plain text\nwith 中文\n"));
  CHECK_FALSE(looks_binary(""));
  const std::string nineteen_letters(19, 'a');
  CHECK_FALSE(looks_binary(nineteen_letters + '\x01'));
  CHECK(looks_binary(nineteen_letters.substr(1) + '\x01'));
}

TEST_CASE("a character cut off by the end of the probe is not broken", "[knowledge]") {
  std::string text(binary_probe_bytes - 1, 'a');
  text += "内存";
  CHECK_FALSE(looks_binary(text));
}
