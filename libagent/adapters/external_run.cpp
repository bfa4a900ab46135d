#include "libagent/adapters/external_run.hpp"

#include "libagent/base/task_id.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json_parse.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <stop_token>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;
using external_clock = std::chrono::steady_clock;

constexpr std::size_t output_excerpt_bytes = 200;
constexpr milliseconds longest_poll = std::chrono::hours{1};
constexpr std::string_view progress_mark = "progress: ";

error external_error(const std::string& tool, const std::string& what) {
  return {errc::io_failed,
          "run " + tool + ": " + what + ": " + std::generic_category().message(errno)};
}

/// Standard input as a file in memory: nobody has to feed it while the program reads, its end comes
/// by itself, and /dev/stdin can be opened, which programs do and sockets refuse.
owned_descriptor file_of(std::string_view text) {
  owned_descriptor file{::memfd_create("arguments", MFD_CLOEXEC)};
  while (file.is_open() && !text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written <= 0)
      return {};
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file.is_open())
    ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

struct pipe_ends {
  owned_descriptor ours;
  owned_descriptor theirs;
};

pipe_ends make_output_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return {};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {owned_descriptor{ends[0]}, owned_descriptor{ends[1]}};
}

int poll_time(time_point until) {
  const auto now = external_clock::now();
  if (until <= now)
    return 0;
  return static_cast<int>(
      std::chrono::ceil<milliseconds>(std::min<duration>(until - now, longest_poll)).count());
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos
             ? std::string_view{}
             : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace

external_run::external_run(const external_run_parts& parts, const tool_context& context)
    : parts_{parts}, context_{context}, errors_{parts.on_error_line} {}

expected<std::string> external_run::run(process_host& host, const std::string& arguments_json) {
  if (auto started = start(host, arguments_json.empty() ? "{}" : arguments_json); !started)
    return started.error();
  const owned_descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  const std::stop_callback on_stop{context_.stop, [&wake] {
                                     const std::uint64_t one = 1;
                                     (void)!::write(wake.get(), &one, sizeof one);
                                   }};
  while (!over_)
    step(wake.get());
  conclude();
  return *std::move(outcome_);
}

expected<void> external_run::start(process_host& host, const std::string& arguments_json) {
  const auto& name = parts_.spec.spec.name;
  const auto input = file_of(arguments_json);
  auto output = make_output_pipe();
  auto errors = make_output_pipe();
  if (!input.is_open() || !output.ours.is_open() || !errors.ours.is_open())
    return external_error(name, "connect its program");
  auto started = supervised_process::start(host, {.words = parts_.spec.command,
                                                  .environment = environment_of_run(),
                                                  .input = input.get(),
                                                  .output = output.theirs.get(),
                                                  .errors = errors.theirs.get(),
                                                  .limits = parts_.spec.limits,
                                                  .cpu_counted = cpu_time_of::process,
                                                  .sandbox = parts_.spec.sandbox});
  if (!started)
    return error{started.error().code, "run " + name + ": " + started.error().context};
  process_ = *std::move(started);
  output_end_ = std::move(output.ours);
  errors_.read_from(std::move(errors.ours), "tool " + name);
  return {};
}

std::vector<std::string> external_run::environment_of_run() const {
  auto all = parts_.environment;
  const auto left = std::max(context_.deadline - external_clock::now(), duration{0});
  all.push_back("TOOL_TASK_ID=" + to_string(context_.id));
  all.push_back("TOOL_TIMEOUT_MS=" +
                std::to_string(std::chrono::floor<milliseconds>(left).count()));
  return all;
}

void external_run::step(int wake) {
  heed_time(external_clock::now());
  if (over_)
    return;
  // Once a stop was seen, the descriptor stays readable and has nothing more to tell.
  std::array<pollfd, 4> polled{{{.fd = output_end_.get(), .events = POLLIN, .revents = 0},
                                {.fd = errors_.descriptor(), .events = POLLIN, .revents = 0},
                                {.fd = process_->watched(), .events = POLLIN, .revents = 0},
                                {.fd = stopped_ ? -1 : wake, .events = POLLIN, .revents = 0}}};
  const auto ready =
      ::poll(polled.data(), polled.size(), poll_time(process_->next_count(wakes_at())));
  if (process_->is_crowded(external_clock::now())) {
    outcome_ =
        failure(errc::crashed, "was killed: it had more than " +
                                   std::to_string(process_->limits().processes) + " processes");
  }
  if (ready > 0 && polled[0].revents != 0)
    take_output();
  if (ready > 0 && polled[1].revents != 0)
    take_errors();
  over_ = outcome_ || (ready > 0 && polled[2].revents != 0);
}

time_point external_run::wakes_at() const {
  if (terminate_at_)
    return *terminate_at_;
  return kill_at_.value_or(context_.deadline);
}

void external_run::heed_time(time_point now) {
  if (!stopped_ && context_.stop.stop_requested())
    ask_to_stop(now, errc::cancelled);
  if (!stopped_ && now >= context_.deadline)
    ask_to_stop(now, errc::deadline_exceeded);
  if (terminate_at_ && now >= *terminate_at_) {
    terminate_at_.reset();
    process_->signal(SIGTERM);
  }
  over_ = kill_at_ && now >= *kill_at_;
}

void external_run::ask_to_stop(time_point now, errc why) {
  stopped_ = why;
  terminate_at_ = now + parts_.spec.patience.until_terminate;
  kill_at_ = now + parts_.spec.patience.until_kill;
}

void external_run::take_output() {
  std::array<char, 65'536> bytes{};
  // Bounded, because a program may print faster than anybody reads.
  for (std::size_t turn = 0; turn < 16 && output_end_.is_open() && !outcome_; ++turn) {
    const auto got = ::read(output_end_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0) {
      output_end_.reset();
      return;
    }
    output_.append(bytes.data(), static_cast<std::size_t>(got));
    if (output_.size() > parts_.spec.output_bytes_max) {
      outcome_ =
          failure(errc::too_large, "was killed: it printed more than " +
                                       std::to_string(parts_.spec.output_bytes_max) + " bytes");
    }
  }
}

void external_run::take_errors() {
  errors_.pass_on([this](const std::string& line) { return take_progress(line); });
}

bool external_run::take_progress(const std::string& line) const {
  if (!line.starts_with(progress_mark))
    return false;
  const char* const end = line.data() + line.size();
  double fraction = 0;
  const auto [stop, failed] = std::from_chars(line.data() + progress_mark.size(), end, fraction);
  if (failed != std::errc{} || !(fraction >= 0 && fraction <= 1))
    return false;
  if (!stopped_ && !outcome_) {
    const auto message = trimmed({stop, static_cast<std::size_t>(end - stop)});
    context_.progress(fraction, std::string{message});
  }
  return true;
}

void external_run::conclude() {
  (void)process_->end();
  while (output_end_.is_open() && !outcome_) {
    const auto before = output_.size();
    take_output();
    if (output_.size() == before)
      break;
  }
  take_errors();
  if (!outcome_)
    outcome_ = outcome_of_output();
}

error external_run::failure(errc code, const std::string& what) {
  return {code, "run " + parts_.spec.spec.name + ": process " + std::to_string(process_->pid()) +
                    " " + what};
}

expected<std::string> external_run::outcome_of_output() {
  const auto& end = process_->end();
  const auto details = crash_details(end, errors_.last());
  const auto ended = "ended " + describe(end);
  if (stopped_) {
    const auto* const why =
        *stopped_ == errc::cancelled ? " after it was asked to stop" : " after its deadline";
    return failure(*stopped_, ended + why + details);
  }
  if (!end.status || *end.status != 0) {
    const auto limit = limit_hit(end, process_->limits(), errors_.last());
    const bool crashed = !end.status || was_signalled(end) || !limit.empty();
    return failure(crashed ? errc::crashed : errc::tool_failed, ended + limit + details);
  }
  const auto text = trimmed(output_);
  const auto parsed = with_parsed_json(text, {.bytes_max = parts_.spec.output_bytes_max},
                                       [](const auto&) { return expected<void>{}; });
  if (text.empty())
    return failure(errc::tool_failed, "printed nothing, expected one JSON value" + details);
  if (!parsed) {
    return failure(errc::tool_failed, "printed no JSON: " + parsed.error().context + ": " +
                                          quoted_excerpt(text, output_excerpt_bytes) + details);
  }
  return std::string{text};
}

}  // namespace libagent
