#include "apps/agent/terminal.hpp"

#include "apps/agent/cli.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace libagent::app {

namespace {

constexpr auto redraw_interval = std::chrono::milliseconds{50};
constexpr auto line_interval = std::chrono::seconds{3};

std::size_t terminal_columns(int descriptor, std::size_t fallback) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
    return size.ws_col - 1U;
  return fallback;
}

}  // namespace

text_style stdout_style() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here ever changes the environment.
  return {.color = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr};
}

std::size_t stdout_columns() {
  return terminal_columns(STDOUT_FILENO, 100);
}

void complain(std::string_view text) {
  std::fprintf(stderr, "agent: %.*s\n", static_cast<int>(text.size()), text.data());
}

int report_failure(const error& why) {
  complain(to_string(why));
  return why.code == errc::cancelled ? exit_interrupted : exit_failed;
}

void print_json(const std::string& text) {
  const auto value = nlohmann::ordered_json::parse(text, nullptr, false);
  if (value.is_discarded() || isatty(STDOUT_FILENO) != 1) {
    std::cout << text << "\n";
  } else {
    std::cout << value.dump(2) << "\n";
  }
}

unix_millis unix_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

progress_display::progress_display() : on_terminal_{isatty(STDERR_FILENO) == 1} {}

progress_display::~progress_display() {
  clear();
}

void progress_display::show(const task_progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  const auto interval = on_terminal_ ? duration{redraw_interval} : duration{line_interval};
  if (last_shown_ != time_point{} && now - last_shown_ < interval && progress.fraction < 1)
    return;
  last_shown_ = now;
  const auto line =
      render_progress(progress, on_terminal_ ? terminal_columns(STDERR_FILENO, 79) : 200);
  std::fprintf(stderr, on_terminal_ ? "\r\x1b[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
  drawn_ = on_terminal_;
}

void progress_display::clear() {
  if (!drawn_)
    return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace libagent::app
