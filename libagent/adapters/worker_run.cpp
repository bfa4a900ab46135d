#include "libagent/adapters/worker_run.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <stop_token>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

using run_clock = std::chrono::steady_clock;

constexpr std::size_t excerpt_bytes_max = 200;

}  // namespace

worker_run::worker_run(worker_child& child, const stop_patience& patience, const std::string& tool,
                       const tool_context& context)
    : child_{child}, patience_{patience}, tool_{tool}, context_{context} {}

expected<std::string> worker_run::run(const std::string& arguments_json) {
  number_ = child_.begin_run();
  const auto left = std::max(context_.deadline - run_clock::now(), duration{0});
  outgoing_ = to_json(worker_order{.run = number_,
                                   .tool = tool_,
                                   .arguments = raw_json{arguments_json},
                                   .timeout = std::chrono::floor<std::chrono::milliseconds>(left),
                                   .task = context_.id,
                                   .group = context_.group});
  outgoing_ += '\n';
  if (outgoing_.size() > worker_line_bytes_max)
    return error{errc::too_large, "run " + tool_ + " in a worker process: over 16 MiB"};
  outgoing_.erase(0, outgoing_.size() - child_.send(outgoing_).size());
  const owned_descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  const std::stop_callback on_stop{context_.stop, [&wake] {
                                     const std::uint64_t one = 1;
                                     (void)!::write(wake.get(), &one, sizeof one);
                                   }};
  while (!outcome_)
    step(wake.get());
  return *std::move(outcome_);
}

void worker_run::step(int wake) {
  heed_time(run_clock::now());
  // Once a stop was seen, the descriptor stays readable and has nothing more to tell.
  const auto seen = child_.wait(!outgoing_.empty(), stopped_ ? -1 : wake, wakes_at());
  if (seen.writable)
    outgoing_.erase(0, outgoing_.size() - child_.send(outgoing_).size());
  if (seen.readable) {
    if (child_.read() == worker_child::read_result::over && !kill_at_)
      kill_at_ = run_clock::now() + patience_.until_kill;  // it hung up and should end by itself
    take_lines();
  }
  if (seen.errors)
    child_.pass_errors_on();
  if (seen.ended && !outcome_)
    conclude_end();
  if (seen.crowded && !outcome_)
    conclude_crowd();
}

time_point worker_run::wakes_at() const {
  if (terminate_at_)
    return *terminate_at_;
  if (kill_at_)
    return *kill_at_;
  return stopped_ ? time_point::max() : context_.deadline;
}

void worker_run::heed_time(time_point now) {
  if (!stopped_ && context_.stop.stop_requested())
    ask_to_stop(now, errc::cancelled);
  if (!stopped_ && now >= context_.deadline)
    ask_to_stop(now, errc::deadline_exceeded);
  if (terminate_at_ && now >= *terminate_at_) {
    terminate_at_.reset();
    child_.give_up();
    child_.signal(SIGTERM);
  }
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    child_.give_up();
    conclude_end();
  }
}

void worker_run::ask_to_stop(time_point now, errc why) {
  stopped_ = why;
  outgoing_ += to_json(worker_order{.run = number_, .stop = true}) + "\n";
  outgoing_.erase(0, outgoing_.size() - child_.send(outgoing_).size());
  terminate_at_ = now + patience_.until_terminate;
  kill_at_ = now + patience_.until_kill;
}

void worker_run::take_lines() {
  while (!outcome_) {
    const auto line = child_.lines().next();
    if (!line)
      break;
    const auto report = from_json<worker_report>(*line, worker_line_limits);
    if (!report || report->run > number_)
      return refuse(quoted_excerpt(*line, excerpt_bytes_max));
    if (report->run == number_)
      take_report(*report);
  }
  if (!outcome_ && child_.lines().is_too_long())
    refuse("a line of over 16 MiB");
}

void worker_run::take_report(const worker_report& report) {
  if (report.progress && !stopped_)
    context_.progress(report.progress->fraction, report.progress->message);
  if (report.phase && !stopped_)
    context_.enter_phase(*report.phase);
  if (report.children && !stopped_)
    context_.wait_for(*report.children);
  if (report.failure) {
    outcome_ = *report.failure;
  } else if (report.result) {
    outcome_ = report.result->text;
  }
}

void worker_run::refuse(const std::string& what) {
  child_.give_up();
  outcome_ =
      error{errc::tool_failed, "run " + tool_ + ": worker process " + std::to_string(child_.pid()) +
                                   " answered what is no report: " + what};
}

void worker_run::conclude_end() {
  while (!outcome_ && child_.read() == worker_child::read_result::some)
    take_lines();
  if (outcome_)
    return;
  child_.give_up();
  const auto& how = child_.end();
  child_.pass_errors_on();
  auto text = "run " + tool_ + ": worker process " + std::to_string(child_.pid()) + " ended " +
              describe(how);
  if (stopped_) {
    text += *stopped_ == errc::cancelled ? " after it was asked to stop" : " after its deadline";
  } else {
    text += limit_hit(how, child_.limits(), child_.last_error_line());
  }
  text += crash_details(how, child_.last_error_line());
  outcome_ = error{stopped_.value_or(errc::crashed), std::move(text)};
}

void worker_run::conclude_crowd() {
  child_.give_up();
  (void)child_.end();
  child_.pass_errors_on();
  outcome_ =
      error{errc::crashed, "run " + tool_ + ": worker process " + std::to_string(child_.pid()) +
                               " was killed: it had more than " +
                               std::to_string(child_.limits().processes) + " processes"};
}

}  // namespace libagent
