#include "apps/agent/top_screen.hpp"

#include <cstdio>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace libagent::app {

namespace {

constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave_screen = "\x1b[?25h\x1b[?1049l";
constexpr std::size_t plain_columns = 100;

/// Past the buffers, so that it also works when nothing else does any more.
void write_out(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0)
      return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Each line clears what is left of the one below it: no flicker, as clearing all first would give.
std::string over_old_page(const std::string& page) {
  std::string text = "\x1b[H";
  for (const char letter : page) {
    if (letter == '\n') {
      text += "\x1b[K\n";
    } else {
      text += letter;
    }
  }
  return text + "\x1b[J";
}

}  // namespace

top_screen::top_screen(bool live) : live_{live && isatty(STDOUT_FILENO) == 1} {}

void top_screen::enter() {
  if (live_ && !entered_.exchange(true))
    write_out(enter_screen);
}

void top_screen::leave() {
  if (entered_.exchange(false))
    write_out(leave_screen);
}

top_screen::~top_screen() {
  leave();
}

terminal_size top_screen::size() const {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col < 2 || window.ws_row < 2)
    return {.columns = plain_columns, .rows = 0};
  // The newline after the last row would scroll, so that one stays free.
  return {.columns = window.ws_col, .rows = live_ ? window.ws_row - std::size_t{1} : 0};
}

void top_screen::show(const std::string& page) const {
  write_out(live_ ? over_old_page(page) : page);
}

}  // namespace libagent::app
