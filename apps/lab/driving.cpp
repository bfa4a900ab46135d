#include "apps/lab/driving.hpp"

#include "actors/bridge/spawning.hpp"
#include "actors/protocol/types.hpp"

#include <caf/stateful_actor.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

namespace libagent::lab {

namespace {

class driver {
public:
  static inline const char* name = "lab.driver";

  driver(caf::event_based_actor* self, ask_once ask, std::size_t count, std::size_t window,
         std::promise<std::vector<double>> done)
      : self_{self}, ask_{std::move(ask)}, count_{count}, window_{window}, done_{std::move(done)} {}

  caf::behavior make_behavior() {
    actors::set_quiet_handlers(self_);
    took_us_.reserve(count_);
    for (; sent_ < std::min(window_, count_); ++sent_)
      begin();
    return {[](actors::wake_atom) {}};
  }

private:
  void begin() {
    const auto start = std::chrono::steady_clock::now();
    ask_(self_, [this, start] {
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - start;
      took_us_.push_back(took.count());
      if (sent_ < count_) {
        ++sent_;
        begin();
      } else if (took_us_.size() == count_) {
        done_.set_value(std::move(took_us_));
        self_->quit();
      }
    });
  }

  caf::event_based_actor* self_;
  ask_once ask_;
  std::size_t count_;
  std::size_t window_;
  std::size_t sent_ = 0;
  std::vector<double> took_us_;
  std::promise<std::vector<double>> done_;
};

}  // namespace

std::vector<double> drive(caf::actor_system& system, const ask_once& ask, std::size_t count,
                          std::size_t window) {
  std::promise<std::vector<double>> done;
  auto took = done.get_future();
  system.spawn<caf::stateful_actor<driver>>(ask, count, window, std::move(done));
  return took.get();
}

}  // namespace libagent::lab
