#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace libagent {

class asio_net_loop;

/// Something that waits on a loop and is answered once: an exchange or a timer.
///
/// Thread safety: made on any thread; from `begin` on it lives on the loop's, but for the stop
/// request, which only posts.
class net_operation : public std::enable_shared_from_this<net_operation> {
public:
  using list = std::list<std::shared_ptr<net_operation>>;

  enum class kind : std::uint8_t { exchange, wait };

  net_operation(asio_net_loop& loop, kind of, std::stop_token stop);
  net_operation(const net_operation&) = delete;
  net_operation& operator=(const net_operation&) = delete;
  virtual ~net_operation() = default;

  [[nodiscard]] kind what() const { return kind_; }

  /// Takes up its work. `position` is its place in the loop's list.
  void begin(list::iterator position);
  /// Answers with an error, unless it was answered already.
  void fail(errc code, const std::string& why);

  /// What it does, to begin an error's context with: "ask 127.0.0.1:80".
  [[nodiscard]] virtual std::string name() const = 0;

protected:
  [[nodiscard]] asio_net_loop& loop() { return loop_; }

  [[nodiscard]] bool has_ended() const { return ended_; }

  /// Has `on_time` called at `when`.
  void set_timer(time_point when);
  /// Marks the end and lets go of everything but the answer; false when it was marked before.
  bool end();

  virtual void start() = 0;
  virtual void on_time() = 0;
  /// Closes what is open.
  virtual void close() = 0;
  virtual void answer_error(error why) = 0;

private:
  struct stop_relay {
    asio_net_loop* loop;
    std::weak_ptr<net_operation> stopped;

    void operator()() const;
  };

  asio_net_loop& loop_;
  const kind kind_;
  bool ended_ = false;
  std::optional<list::iterator> position_;
  std::stop_token stop_;
  std::optional<std::stop_callback<stop_relay>> on_stop_;
  std::optional<boost::asio::steady_timer> timer_;
};

}  // namespace libagent
