#include "apps/lab/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace libagent::lab {

namespace {

double nearest_rank(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

std::string first_value_in(const char* file, std::string_view key) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key) && line.find(':') != std::string::npos)
      return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

/// What a reader needs to compare figures; nothing that names the machine.
nlohmann::ordered_json describe_machine() {
  utsname system{};
  uname(&system);
  std::array<double, 3> load{};
  if (getloadavg(load.data(), 3) != 3)
    load[0] = -1;
  return {{"cpu", first_value_in("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"memory_mb", sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024},
          {"kernel", system.release},
          {"load_average_1m", load[0]}};
}

std::string cell_text(const nlohmann::ordered_json& value) {
  if (value.is_string())
    return value.get<std::string>();
  if (!value.is_number_float())
    return value.dump();
  const auto number = value.get<double>();
  return std::abs(number) >= 100 ? fmt::format("{:.0f}", number) : fmt::format("{:.3g}", number);
}

void print_table(const std::string& title, const std::vector<report::row>& rows) {
  std::vector<std::vector<std::string>> cells;
  auto& head = cells.emplace_back();
  for (const auto& [key, value] : rows.front().items())
    head.push_back(key);
  for (const auto& one : rows) {
    auto& line = cells.emplace_back();
    for (const auto& [key, value] : one.items())
      line.push_back(cell_text(value));
  }
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < std::min(line.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], line[i].size());
  }
  std::cout << "\n" << title << "\n";
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
      std::cout << (i == 0 ? fmt::format("  {:<{}}", line[i], widths[i])
                           : fmt::format("  {:>{}}", line[i], widths[i]));
    }
    std::cout << "\n";
  }
}

}  // namespace

quantiles quantiles_of(std::vector<double> sample) {
  if (sample.empty())
    return {};
  std::ranges::sort(sample);
  return {.p50 = nearest_rank(sample, 0.5),
          .p99 = nearest_rank(sample, 0.99),
          .p999 = nearest_rank(sample, 0.999),
          .max = sample.back()};
}

report::report(std::string experiment) : experiment_{std::move(experiment)} {}

void report::set_config(std::string_view key, nlohmann::ordered_json value) {
  config_[std::string{key}] = std::move(value);
}

void report::add_row(const std::string& table, row values) {
  auto found = std::ranges::find(tables_, table, &std::pair<std::string, std::vector<row>>::first);
  if (found == tables_.end())
    found = tables_.insert(tables_.end(), {table, {}});
  found->second.push_back(std::move(values));
}

void report::add_aim(std::string name, aim_is direction, double aim, double measured,
                     std::string unit) {
  aims_.push_back({std::move(name), direction, aim, measured, std::move(unit)});
}

void report::add_note(std::string text) {
  notes_.push_back(std::move(text));
}

bool report::all_met() const {
  return std::ranges::all_of(aims_, &aim_entry::met);
}

void report::print() const {
  std::cout << "experiment " << experiment_ << "\nmachine " << describe_machine().dump()
            << "\nconfig " << config_.dump() << "\n";
  for (const auto& [title, rows] : tables_)
    print_table(title, rows);
  for (const auto& note : notes_)
    std::cout << "\n" << note << "\n";
  std::cout << "\naims\n";
  for (const auto& aim : aims_) {
    std::cout << fmt::format("  [{}] {}: {:.3g} {} (aim: {} {:.3g})\n",
                             aim.met() ? "met" : "MISSED", aim.name, aim.measured, aim.unit,
                             aim.direction == aim_is::at_most ? "at most" : "at least", aim.aim);
  }
}

nlohmann::ordered_json report::to_json_value() const {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& [title, table] : tables_) {
    for (const auto& values : table) {
      nlohmann::ordered_json labelled{{"table", title}};
      labelled.update(values);
      rows.push_back(std::move(labelled));
    }
  }
  nlohmann::ordered_json aims = nlohmann::ordered_json::array();
  for (const auto& aim : aims_) {
    aims.push_back({{"name", aim.name},
                    {"aim", aim.aim},
                    {"direction", aim.direction == aim_is::at_most ? "at_most" : "at_least"},
                    {"measured", aim.measured},
                    {"unit", aim.unit},
                    {"met", aim.met()}});
  }
  return {{"experiment", experiment_}, {"machine", describe_machine()}, {"config", config_},
          {"rows", std::move(rows)},   {"aims", std::move(aims)},       {"notes", notes_}};
}

int report::finish(const lab_options& options) const {
  print();
  if (!options.json_file.empty()) {
    std::ofstream out{options.json_file};
    out << to_json_value().dump(2) << "\n";
    if (!out.flush()) {
      std::cerr << "agent-lab: cannot write " << options.json_file << "\n";
      return 2;
    }
  }
  return options.check && !all_met() ? 1 : 0;
}

void announce(std::string_view what) {
  std::cerr << "... " << what << '\n';
}

}  // namespace libagent::lab
