#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/record/json.hpp"
#include "libagent/record/json_schema.hpp"

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace libagent {

namespace tool_detail {

template <class T>
struct result_of {
  using output = T;
};

template <class T>
struct result_of<expected<T>> {
  using output = T;
};

/// Takes a function's type apart; `std::function` does the deduction for lambdas and pointers.
template <class Function>
struct signature {
  static constexpr bool is_valid = false;
};

template <class R, class In>
struct signature<std::function<R(In)>> {
  static constexpr bool is_valid = true;
  static constexpr bool takes_context = false;
  using input = std::remove_cvref_t<In>;
  using output = typename result_of<R>::output;
};

template <class R, class In>
struct signature<std::function<R(In, const tool_context&)>> {
  static constexpr bool is_valid = true;
  static constexpr bool takes_context = true;
  using input = std::remove_cvref_t<In>;
  using output = typename result_of<R>::output;
};

template <class Fn>
using signature_of = signature<decltype(std::function{std::declval<Fn>()})>;

[[nodiscard]] error cancelled_before_start(const std::string& name);
[[nodiscard]] error threw(const std::string& name, std::string_view what);

/// Empty arguments count as no fields at all.
[[nodiscard]] inline std::string_view arguments_or_empty(const std::string& arguments_json) {
  return arguments_json.empty() ? std::string_view{"{}"} : std::string_view{arguments_json};
}

/// What tools of functions have in common: they are described by their records.
template <class In, class Out>
class record_tool : public tool {
public:
  static_assert(record_type<In>,
                "a tool's input is a struct with an `inspect` overload that calls record()");
  static_assert(record_type<Out>,
                "a tool's output is a struct with an `inspect` overload that calls record()");

  [[nodiscard]] const tool_spec& spec() const override { return spec_; }

  [[nodiscard]] const std::string& input_schema() const override { return input_schema_; }

  [[nodiscard]] const std::string& output_schema() const override { return output_schema_; }

  [[nodiscard]] expected<void> check(const std::string& arguments_json) const override {
    if (auto in = read(arguments_json); !in) {
      return in.error();
    }
    return {};
  }

protected:
  record_tool(tool_spec spec, const json_limits& limits)
      : spec_{std::move(spec)}, limits_{limits} {}

  [[nodiscard]] expected<In> read(const std::string& arguments_json) const {
    return from_json<In>(arguments_or_empty(arguments_json), limits_);
  }

  [[nodiscard]] const std::string& name() const { return spec_.name; }

private:
  tool_spec spec_;
  json_limits limits_;
  std::string input_schema_ = json_schema<In>();
  std::string output_schema_ = json_schema<Out>();
};

template <class Fn>
class function_tool final
    : public record_tool<typename signature_of<Fn>::input, typename signature_of<Fn>::output> {
public:
  using traits = signature_of<Fn>;
  using input = typename traits::input;
  using output = typename traits::output;

  function_tool(tool_spec spec, Fn fn, const json_limits& limits)
      : record_tool<input, output>{std::move(spec), limits}, fn_{std::move(fn)} {}

  [[nodiscard]] expected<std::string> run(const std::string& arguments_json,
                                          const tool_context& context) override {
    if (context.stop.stop_requested()) {
      return cancelled_before_start(this->name());
    }
    const auto in = this->read(arguments_json);
    if (!in) {
      return in.error();
    }
    const auto out = call(*in, context);
    if (!out) {
      return out.error();
    }
    return to_json(*out);
  }

private:
  expected<output> call(const input& in, const tool_context& context) const {
    try {
      if constexpr (traits::takes_context) {
        return fn_(in, context);
      } else {
        return fn_(in);
      }
    } catch (const contract_violation&) {
      throw;  // a bug, not a failed task: the actor that runs it dies and is restarted
    } catch (const std::exception& failure) {
      return threw(this->name(), failure.what());
    } catch (...) {
      return threw(this->name(), "something that is not a std::exception");
    }
  }

  Fn fn_;
};

}  // namespace tool_detail

/// Makes a tool of a function from one record to another:
///
///     make_tool({.name = "add", .description = "Adds two numbers."},
///               [](const add_input& in) { return sum{in.a + in.b}; });
///
/// The function takes `const In&`, and `const tool_context&` when it needs the deadline, the stop
/// token or progress; it returns `Out` or `expected<Out>`. Both types come from its signature, so a
/// generic lambda will not do. It may be called from several threads at once, so it is called as
/// const.
///
/// Errors of the tool's `run`: `invalid_argument` or `too_large` with the path, when the arguments
/// are not an In within `limits`; `cancelled` without running when `stop` was requested before the
/// start, which cancel, expiry and shutdown all do; `tool_failed` when the function throws; else
/// what the function returns. A `contract_violation` passes through.
template <class Fn>
[[nodiscard]] std::shared_ptr<tool> make_tool(tool_spec spec, Fn fn,
                                              const json_limits& limits = {}) {
  using traits = tool_detail::signature_of<Fn>;
  static_assert(traits::is_valid,
                "a tool's function takes (const In&) or (const In&, const tool_context&)");
  return std::make_shared<tool_detail::function_tool<Fn>>(std::move(spec), std::move(fn), limits);
}

}  // namespace libagent
