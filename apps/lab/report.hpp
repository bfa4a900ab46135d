#pragma once

#include "libagent/base/expected.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent::lab {

/// What every experiment takes.
struct lab_options {
  bool quick = false;      ///< Less of everything, to see that it works.
  std::uint64_t seed = 1;  ///< Of whatever is drawn at random.
  std::string json_file;   ///< Empty: none.
  bool check = false;      ///< Exit with 1 when an aim is missed.
};

/// p50, p99, p99.9 and maximum of a sample, by the nearest-rank method.
struct quantiles {
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};

/// Sorts the sample; all zero when it is empty.
[[nodiscard]] quantiles quantiles_of(std::vector<double> sample);

enum class aim_is : std::uint8_t { at_most, at_least };

/// Collects what an experiment measured, prints it as tables, and writes it as JSON.
///
/// Values are strings or numbers. Rows of one table have the same keys in the same order.
class report {
public:
  using row = nlohmann::ordered_json;

  explicit report(std::string experiment);

  void set_config(std::string_view key, nlohmann::ordered_json value);
  void add_row(const std::string& table, row values);
  void add_aim(std::string name, aim_is direction, double aim, double measured, std::string unit);
  /// A sentence for the reader, printed after the tables.
  void add_note(std::string text);

  [[nodiscard]] bool all_met() const;

  /// Prints tables, notes and aims; writes the JSON file; returns the exit code.
  [[nodiscard]] int finish(const lab_options& options) const;

private:
  struct aim_entry {
    std::string name;
    aim_is direction;
    double aim;
    double measured;
    std::string unit;

    [[nodiscard]] bool met() const {
      return direction == aim_is::at_most ? measured <= aim : measured >= aim;
    }
  };

  void print() const;
  [[nodiscard]] nlohmann::ordered_json to_json_value() const;

  std::string experiment_;
  nlohmann::ordered_json config_ = nlohmann::ordered_json::object();
  std::vector<std::pair<std::string, std::vector<row>>> tables_;
  std::vector<std::string> notes_;
  std::vector<aim_entry> aims_;
};

/// Prints what is being measured now to standard error.
void announce(std::string_view what);

}  // namespace libagent::lab
