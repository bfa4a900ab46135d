#include "libagent/api/top_table.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <numeric>

namespace libagent {

namespace {

constexpr std::string_view tone_end = "\x1b[0m";

std::string_view tone_start(line_tone tone) {
  switch (tone) {
    using enum line_tone;
    case title: return "\x1b[1m";
    case faint: return "\x1b[2m";
    case warning: return "\x1b[33m";
    case alarm: return "\x1b[31m";
    case plain: break;
  }
  return {};
}

/// A terminal takes control characters for commands, so those of strangers are not passed on.
std::string harmless(std::string_view text) {
  std::string result{text};
  std::ranges::replace_if(
      result, [](char letter) { return static_cast<unsigned char>(letter) < 32 || letter == 127; },
      '?');
  return result;
}

std::size_t table_width(const std::vector<table_column>& columns) {
  return std::accumulate(columns.begin(), columns.end(), columns.size() - 1,
                         [](std::size_t sum, const table_column& one) { return sum + one.width; });
}

void drop_columns(std::vector<table_column>& columns, std::vector<table_row>& rows,
                  std::size_t width_max) {
  while (table_width(columns) > width_max) {
    const auto last = std::ranges::find_if(columns.rbegin(), columns.rend(),
                                           [](const table_column& one) { return one.may_go; });
    if (last == columns.rend())
      return;
    const auto at = std::distance(last, columns.rend()) - 1;
    columns.erase(columns.begin() + at);
    for (auto& row : rows)
      row.cells.erase(row.cells.begin() + at);
  }
}

std::string aligned(std::string_view text, std::size_t width, bool left) {
  const auto cut = utf8_prefix(text, width);
  const std::string gap(width - cut.size(), ' ');
  return left ? std::string{cut} + gap : gap + std::string{cut};
}

}  // namespace

void text_page::line(std::string_view text, line_tone tone) {
  if (!has_room())
    return;
  ++used_;
  auto shown = harmless(text);
  shown.resize(utf8_prefix(shown, columns_).size());
  const auto start = style_.color ? tone_start(tone) : std::string_view{};
  text_.append(start).append(shown).append(start.empty() ? std::string_view{} : tone_end) += '\n';
}

void append_table(text_page& page, std::vector<table_column> columns, std::vector<table_row> rows) {
  if (rows.empty())
    return;
  drop_columns(columns, rows, page.columns());
  std::string titles;
  for (std::size_t i = 0; i < columns.size(); ++i)
    titles += (i == 0 ? "" : " ") + aligned(columns[i].title, columns[i].width, i == 0);
  page.line(titles, line_tone::title);
  for (const auto& row : rows) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i)
      text += (i == 0 ? "" : " ") + aligned(row.cells[i], columns[i].width, i == 0);
    page.line(text, row.tone);
  }
}

}  // namespace libagent
