#include "apps/lab/cache_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <ranges>

namespace libagent::lab {

namespace {

constexpr std::array<std::string_view, 7> reference_columns{
    "trace", "mode", "size", "policy", "miss_ratio", "byte_miss_ratio", "cost_miss_ratio"};

std::vector<std::string_view> comma_fields(std::string_view line) {
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  std::vector<std::string_view> fields;
  while (true) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos)
      return fields;
    line.remove_prefix(comma + 1);
  }
}

/// The positions of the columns that are read.
expected<std::vector<std::size_t>> locate_columns(std::string_view head) {
  const auto names = comma_fields(head);
  std::vector<std::size_t> positions;
  for (const auto wanted : reference_columns) {
    const auto found = std::ranges::find(names, wanted);
    if (found == names.end())
      return error{errc::corrupt, fmt::format("there is no column {}", wanted)};
    positions.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return positions;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<double> share_of(std::string_view text) {
  const auto value = text.empty() ? 1.0 : whole_number<double>(text);
  return value && *value >= 0 && *value <= 1 ? value : std::nullopt;
}

struct parsed_line {
  reference_cell cell;
  reference_row row;
};

expected<parsed_line> parse_reference_line(std::string_view line,
                                           const std::vector<std::size_t>& columns) {
  const auto fields = comma_fields(line);
  if (fields.size() <= std::ranges::max(columns))
    return error{errc::corrupt, "there are fewer fields than columns"};
  const auto field = [&](std::size_t column) { return fields[columns[column]]; };
  const auto capacity = whole_number<std::uint64_t>(field(2));
  if (!capacity)
    return error{errc::corrupt, fmt::format("size is {}, not a whole number", field(2))};
  if (field(1) != "obj" && field(1) != "byte")
    return error{errc::corrupt, fmt::format("mode is {}, not obj or byte", field(1))};
  std::array<double, 3> ratios{};
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    const auto ratio = share_of(field(4 + i));
    if (!ratio) {
      return error{errc::corrupt, fmt::format("{} is {}, not from 0 to 1", reference_columns[4 + i],
                                              field(4 + i))};
    }
    ratios[i] = *ratio;
  }
  return parsed_line{.cell = {.trace = std::string{field(0)},
                              .mode = field(1) == "obj" ? charge_mode::objects : charge_mode::bytes,
                              .capacity = *capacity},
                     .row = {.policy = std::string{field(3)},
                             .miss_ratio = ratios[0],
                             .byte_miss_ratio = ratios[1],
                             .cost_miss_ratio = ratios[2]}};
}

error at_line(const std::filesystem::path& file, std::size_t line, const error& problem) {
  return {problem.code, fmt::format("read {} line {}: {}", file.string(), line, problem.context)};
}

}  // namespace

double reference_row::miss(cache_objective objective) const {
  switch (objective) {
    using enum cache_objective;
    case bytes: return byte_miss_ratio;
    case cost: return cost_miss_ratio;
    case hits: break;
  }
  return miss_ratio;
}

bool reference_row::is_outside_the_field() const {
  const std::string_view name{policy};
  return name.find("Belady") != std::string_view::npos || name.starts_with("bound:") ||
         name.starts_with("ftl");
}

expected<reference_results> reference_results::read(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::string line;
  if (!std::getline(in, line))
    return error{errc::io_failed, fmt::format("read {}: it is not there or empty", file.string())};
  const auto columns = locate_columns(line);
  if (!columns)
    return at_line(file, 1, columns.error());
  reference_results results;
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    auto parsed = parse_reference_line(line, *columns);
    if (!parsed)
      return at_line(file, number, parsed.error());
    results.rows_[std::move(parsed->cell)].push_back(std::move(parsed->row));
  }
  return results;
}

bool reference_results::has(std::string_view trace, charge_mode mode) const {
  return std::ranges::any_of(std::views::keys(rows_), [&](const reference_cell& cell) {
    return cell.trace == trace && cell.mode == mode;
  });
}

const std::vector<reference_row>& reference_results::rows(const reference_cell& cell) const {
  static const std::vector<reference_row> nothing;
  const auto found = rows_.find(cell);
  return found == rows_.end() ? nothing : found->second;
}

const reference_row* reference_results::row(const reference_cell& cell,
                                            std::string_view policy) const {
  const auto& all = rows(cell);
  const auto found = std::ranges::find(all, policy, &reference_row::policy);
  return found == all.end() ? nullptr : &*found;
}

const reference_row* reference_results::best(const reference_cell& cell,
                                             cache_objective objective) const {
  const reference_row* best = nullptr;
  for (const auto& one : rows(cell)) {
    if (one.is_outside_the_field())
      continue;
    if (best == nullptr || one.miss(objective) < best->miss(objective))
      best = &one;
  }
  return best;
}

}  // namespace libagent::lab
