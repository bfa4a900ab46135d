#pragma once

#include "libagent/api/top_page.hpp"

#include <atomic>
#include <string>

namespace libagent::app {

/// The terminal's other screen, from `enter` to destruction: what was there before comes back
/// afterwards. Nothing but plain pages where standard output is no terminal.
/// Thread safety: none, but for `leave`.
class top_screen {
public:
  /// `live` false: pages are printed one below the other, also on a terminal.
  explicit top_screen(bool live);
  top_screen(const top_screen&) = delete;
  top_screen& operator=(const top_screen&) = delete;
  ~top_screen();

  void enter();

  /// Gives the terminal back; for an end without destructors too. Any thread.
  void leave();

  /// Room for a page at this moment; windows change.
  [[nodiscard]] terminal_size size() const;

  /// Whether a page replaces the one before it.
  [[nodiscard]] bool is_live() const { return live_; }

  void show(const std::string& page) const;

private:
  bool live_;
  std::atomic<bool> entered_{false};
};

}  // namespace libagent::app
