#include "libagent/knowledge/file_selection.hpp"

#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace libagent {

namespace {

constexpr std::array<std::string_view, 10> skipped_directories{
    "__pycache__",  "_build", "bower_components", "build", "cmake-build-debug", "dist",
    "node_modules", "out",    "target",           "venv"};

constexpr std::array<std::string_view, 4> markdown_endings{"markdown", "md", "mdown", "mkd"};

constexpr std::array<std::string_view, 3> html_endings{"htm", "html", "xhtml"};

constexpr std::array<std::string_view, 62> source_endings{
    "ads",  "adb", "asm",  "awk",  "bash", "c",     "cc",  "cmake", "cpp", "cs",    "css",
    "cxx",  "d",   "dart", "el",   "erl",  "ex",    "f90", "go",    "h",   "hh",    "hpp",
    "hrl",  "hs",  "hxx",  "inc",  "java", "jl",    "js",  "json",  "jsx", "kt",    "lisp",
    "lua",  "m",   "m4",   "mjs",  "ml",   "pas",   "php", "pl",    "pm",  "pp",    "proto",
    "py",   "r",   "rb",   "rs",   "s",    "scala", "scm", "sh",    "sql", "swift", "tcl",
    "toml", "ts",  "tsx",  "vala", "vim",  "yaml",  "yml"};

constexpr std::array<std::string_view, 64> binary_endings{
    "7z",   "a",     "avi",    "bin",     "bmp",  "br",    "bz2", "class", "db",  "deb",  "dll",
    "dvi",  "dylib", "eot",    "exe",     "flac", "gif",   "gmo", "gpg",   "gz",  "ico",  "iso",
    "jar",  "jpeg",  "jpg",    "lz",      "lz4",  "mkv",   "mo",  "mov",   "mp3", "mp4",  "o",
    "odp",  "ods",   "odt",    "ogg",     "otf",  "pdf",   "pem", "png",   "ppt", "pptx", "pyc",
    "rpm",  "so",    "sqlite", "sqlite3", "svgz", "tar",   "tbz", "tgz",   "tif", "tiff", "ttf",
    "wasm", "wav",   "webm",   "webp",    "woff", "woff2", "xls", "xz",    "zip"};

template <std::size_t N>
bool lists(const std::array<std::string_view, N>& names, std::string_view wanted) {
  return std::ranges::find(names, wanted) != names.end();
}

std::string lower_case_ending(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos)
    return {};
  std::string ending{name.substr(dot + 1)};
  std::ranges::transform(ending, ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return ending;
}

bool is_control(char32_t code) {
  return code < 0x20 && code != '\t' && code != '\n' && code != '\r' && code != '\f' &&
         code != 0x1B;  // terminal colours in captured output
}

}  // namespace

bool is_indexed_directory(std::string_view name) {
  return !name.starts_with('.') && !lists(skipped_directories, name);
}

std::optional<text_kind> kind_of_file_name(std::string_view name) {
  if (name.empty() || name.starts_with('.') || name.ends_with('~'))
    return std::nullopt;
  const auto ending = lower_case_ending(name);
  if (lists(binary_endings, ending))
    return std::nullopt;
  if (lists(markdown_endings, ending))
    return text_kind::markdown;
  if (lists(html_endings, ending))
    return text_kind::html;
  if (lists(source_endings, ending))
    return text_kind::source;
  return text_kind::plain;
}

bool looks_binary(std::string_view head) {
  head = head.substr(0, binary_probe_bytes);
  if (head.find('\0') != std::string_view::npos)
    return true;
  std::size_t odd = 0;
  for (std::size_t at = 0; at < head.size();) {
    const auto decoded = decode_utf8(head, at);
    // A sequence that the end of the probe cuts off is not broken.
    const auto cut_off = !decoded.valid && head.size() - at < 4;
    if ((!decoded.valid && !cut_off) || is_control(decoded.code))
      ++odd;
    at += decoded.length;
  }
  return odd * 20 > head.size();
}

}  // namespace libagent
