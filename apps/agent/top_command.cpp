#include "apps/agent/top_command.hpp"

#include "apps/agent/cli.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/signals.hpp"
#include "apps/agent/terminal.hpp"
#include "apps/agent/top_screen.hpp"
#include "libagent/adapters/http_client.hpp"
#include "libagent/api/node_status.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stop_token>
#include <utility>

namespace libagent::app {

namespace {

using top_clock = std::chrono::steady_clock;

/// A server that is alive answers in milliseconds, and a page shall not stand still for long.
constexpr std::chrono::milliseconds fetch_patience{3000};

/// What is shown, and when it was fetched.
struct top_sample {
  std::string json;
  node_status status;
  time_point at;
};

class top_session {
public:
  top_session(const top_command& command, std::string url)
      : command_{command},
        url_{std::move(url)},
        screen_{!command.once && !command.json},
        signals_{[this](int, int earlier) { on_signal(earlier); }} {}

  int run() {
    if (command_.once)
      return run_once();
    screen_.enter();
    while (!stop_.stop_requested()) {
      turn();
      std::unique_lock lock{mutex_};
      wake_.wait_for(lock, stop_.get_token(), command_.interval, [] { return false; });
    }
    return exit_ok;
  }

private:
  int run_once() {
    auto sample = fetch();
    if (!sample)
      return report_failure(sample.error());
    show(*sample, nullptr);
    return exit_ok;
  }

  void turn() {
    auto sample = fetch();
    if (stop_.stop_requested())
      return;
    if (sample) {
      show(*sample, last_ ? &*last_ : nullptr);
      last_ = *std::move(sample);
    } else {
      show_failure(sample.error());
    }
  }

  expected<top_sample> fetch() {
    auto answer = client_.send(
        {.url = url_ + "/v1/status", .timeout = fetch_patience, .stop = stop_.get_token()});
    if (!answer)
      return answer.error();
    if (answer->status != 200) {
      return error{errc::unavailable, "get " + url_ +
                                          "/v1/status: the server answered with status " +
                                          std::to_string(answer->status)};
    }
    auto status = from_json<node_status>(answer->body);
    if (!status)
      return error{status.error().code, "read the server's status: " + status.error().context};
    return top_sample{std::move(answer->body), *std::move(status), top_clock::now()};
  }

  void show(const top_sample& now, const top_sample* before) {
    if (command_.json)
      return screen_.show(now.json + "\n");
    const auto between = before == nullptr ? duration{0} : now.at - before->at;
    auto page = render_top(now.status, before == nullptr ? nullptr : &before->status, between,
                           screen_.size(), stdout_style());
    // Pages that stand one below the other are told apart by an empty line.
    screen_.show(screen_.is_live() || command_.once ? page : page + "\n");
  }

  /// The last page stays in view, below what is wrong.
  void show_failure(const error& why) const {
    if (!screen_.is_live())
      return complain(to_string(why) + "; trying again");
    auto size = screen_.size();
    auto page = to_string(why);
    page.resize(std::min(page.size(), size.columns));
    page += "\ntrying again; Ctrl-C ends this\n";
    if (last_ && size.rows > 3) {
      size.rows -= 3;
      page += "\n" + render_top(last_->status, nullptr, duration{0}, size, {});
    }
    screen_.show(page);
  }

  void on_signal(int earlier) {
    if (earlier > 0) {
      screen_.leave();
      std::_Exit(exit_interrupted);
    }
    stop_.request_stop();
  }

  const top_command& command_;
  std::string url_;
  top_screen screen_;
  http_client client_;
  std::optional<top_sample> last_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::stop_source stop_;
  signal_watch signals_;  // last: its thread uses what is above
};

}  // namespace

int run_top(const top_command& command, const loaded_config& config) {
  auto url = command.server.value_or(server_url(config.values));
  while (url.ends_with('/'))
    url.pop_back();
  return top_session{command, std::move(url)}.run();
}

}  // namespace libagent::app
