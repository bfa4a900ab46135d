#pragma once

#include "libagent/tools/make_tool.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace libagent {

namespace tool_detail {

/// One run's way home. Whoever answers first wins; when nobody does, the run fails.
class pending_reply {
public:
  pending_reply(std::string tool_name, tool_done done);
  pending_reply(const pending_reply&) = delete;
  pending_reply& operator=(const pending_reply&) = delete;
  ~pending_reply();

  void answer(expected<std::string> outcome);

private:
  std::string tool_name_;
  tool_done done_;
  std::atomic<bool> is_answered_{false};
};

}  // namespace tool_detail

/// How an asynchronous tool answers: call it once, with the output or an error, from any thread.
///
/// Copies share the answer. When the last one goes without an answer the run fails, so a forgotten
/// callback does not leave a task waiting until its deadline.
template <class Out>
class async_reply {
public:
  using output = Out;

  explicit async_reply(std::shared_ptr<tool_detail::pending_reply> pending)
      : pending_{std::move(pending)} {}

  void operator()(const expected<Out>& outcome) const {
    if (outcome) {
      pending_->answer(to_json(*outcome));
    } else {
      pending_->answer(outcome.error());
    }
  }

private:
  std::shared_ptr<tool_detail::pending_reply> pending_;
};

namespace tool_detail {

template <class Function>
struct async_signature {
  static constexpr bool is_valid = false;
};

template <class In, class Out>
struct async_signature<std::function<void(In, const tool_context&, async_reply<Out>)>> {
  static constexpr bool is_valid = true;
  using input = std::remove_cvref_t<In>;
  using output = Out;
};

template <class Fn>
using async_signature_of = async_signature<decltype(std::function{std::declval<Fn>()})>;

[[nodiscard]] inline tool_spec asynchronous(tool_spec spec) {
  spec.tool_isolation = isolation::async_call;
  return spec;
}

template <class Fn>
class async_function_tool final : public record_tool<typename async_signature_of<Fn>::input,
                                                     typename async_signature_of<Fn>::output> {
public:
  using traits = async_signature_of<Fn>;
  using input = typename traits::input;
  using output = typename traits::output;

  async_function_tool(tool_spec spec, Fn fn, const json_limits& limits)
      : record_tool<input, output>{asynchronous(std::move(spec)), limits}, fn_{std::move(fn)} {}

  /// Only `start` runs it: an answer that comes later has no thread to wait on.
  [[nodiscard]] expected<std::string> run(const std::string&, const tool_context&) override {
    return error{errc::unsupported, "run " + this->name() + ": it is asynchronous, start it"};
  }

  void start(const std::string& arguments_json, const tool_context& context,
             tool_done done) override {
    auto pending = std::make_shared<pending_reply>(this->name(), std::move(done));
    if (context.stop.stop_requested())
      return pending->answer(cancelled_before_start(this->name()));
    const auto in = this->read(arguments_json);
    if (!in)
      return pending->answer(in.error());
    try {
      fn_(*in, context, async_reply<output>{pending});
    } catch (const contract_violation&) {
      throw;  // a bug, not a failed task
    } catch (const std::exception& failure) {
      pending->answer(threw(this->name(), failure.what()));
    }
  }

private:
  Fn fn_;
};

}  // namespace tool_detail

/// Makes a tool that holds no thread while it waits, of a function that begins the work:
///
///     make_async_tool({.name = "fetch", .description = "Fetches a page."},
///                     [&loop](const url& in, const tool_context& context, async_reply<page> reply)
///                     {
///                       loop.fetch(in.text, context.stop, [reply](auto got) { reply(got); });
///                     });
///
/// The function must return at once, like an inline tool's: it runs on a thread that others wait
/// for. Thousands of runs may be under way. The context lives until the reply was used; take its
/// `stop` and heed it, because nobody can end the wait from outside. Errors: as `make_tool`; a run
/// whose replies are all gone fails with `tool_failed`.
template <class Fn>
[[nodiscard]] std::shared_ptr<tool> make_async_tool(tool_spec spec, Fn fn,
                                                    const json_limits& limits = {}) {
  using traits = tool_detail::async_signature_of<Fn>;
  static_assert(traits::is_valid,
                "an asynchronous tool's function takes (const In&, const tool_context&, "
                "async_reply<Out>) and returns nothing");
  return std::make_shared<tool_detail::async_function_tool<Fn>>(std::move(spec), std::move(fn),
                                                                limits);
}

}  // namespace libagent
