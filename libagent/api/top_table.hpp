#pragma once

#include "libagent/api/render.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// How a line is to be seen. Without colour all look alike.
enum class line_tone : unsigned char { plain, title, faint, warning, alarm };

/// Lines within a number of columns and rows. What does not fit is left out.
class text_page {
public:
  /// `rows` zero: without bound. @pre `columns` is positive.
  text_page(std::size_t columns, std::size_t rows, text_style style)
      : columns_{columns}, rows_{rows}, style_{style} {}

  void line(std::string_view text, line_tone tone = line_tone::plain);

  [[nodiscard]] std::size_t columns() const { return columns_; }

  /// Whether another line fits.
  [[nodiscard]] bool has_room() const { return rows_ == 0 || used_ < rows_; }

  [[nodiscard]] const std::string& text() const { return text_; }

private:
  std::size_t columns_;
  std::size_t rows_;
  text_style style_;
  std::size_t used_ = 0;
  std::string text_;
};

/// A column of a table. The first one is aligned left, numbers in the others right.
struct table_column {
  std::string_view title;
  std::size_t width;
  bool may_go = false;  ///< Left out when the page is too narrow; the last such column goes first.
};

struct table_row {
  std::vector<std::string> cells;  ///< One for each column.
  line_tone tone = line_tone::plain;
};

/// Appends titles and rows; nothing when there are no rows.
void append_table(text_page& page, std::vector<table_column> columns, std::vector<table_row> rows);

}  // namespace libagent
