#pragma once

#include "libagent/ports/event_sink.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace libagent::testing {

/// Keeps every event, with its values as text. Thread safety: all of it.
class recording_sink final : public event_sink {
public:
  struct event {
    std::string name;
    event_level level;
    std::map<std::string, std::string> fields;
  };

  using event_sink::emit;

  void emit(const event_kind& kind, std::span<const event_field> fields) noexcept override {
    event seen{std::string{kind.name}, kind.level, {}};
    for (const auto& field : fields) {
      seen.fields[std::string{field.name}] = std::visit(as_text{}, field.value);
    }
    const std::lock_guard lock{mutex_};
    events_.push_back(std::move(seen));
  }

  [[nodiscard]] std::vector<event> events() const {
    const std::lock_guard lock{mutex_};
    return events_;
  }

  /// Those of one kind, in order.
  [[nodiscard]] std::vector<event> events(const event_kind& kind) const {
    auto all = events();
    std::erase_if(all, [&](const event& seen) { return seen.name != kind.name; });
    return all;
  }

private:
  struct as_text {
    std::string operator()(std::string_view text) const { return std::string{text}; }

    std::string operator()(bool flag) const { return flag ? "true" : "false"; }

    template <class Number>
    std::string operator()(Number number) const {
      return std::to_string(number);
    }
  };

  mutable std::mutex mutex_;
  std::vector<event> events_;
};

}  // namespace libagent::testing
