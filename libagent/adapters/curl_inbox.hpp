#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/ports/web_client.hpp"

#include <cstdint>
#include <mutex>
#include <vector>

namespace libagent {

/// What other threads ask of the thread of a `curl_web_client`, and what wakes it up.
///
/// Thread safety: any thread. Blocking: never. Callbacks hold it by shared pointers, so that one
/// that comes late finds it even after the client.
class curl_inbox {
public:
  struct orders {
    std::vector<web_call> calls;
    std::vector<std::uint64_t> stopped;  ///< Numbers of calls; perhaps over already.
    std::vector<std::uint64_t> resumed;
    bool is_closed = false;  ///< Everything is to end.
  };

  curl_inbox();

  void start(web_call call);
  void stop(std::uint64_t call);
  void resume(std::uint64_t call);
  void close();

  /// What came since, cheaply when nothing did; for the client's thread. `descriptor` is readable
  /// while there is something.
  [[nodiscard]] orders take();

  [[nodiscard]] int descriptor() const { return wake_.get(); }

private:
  template <class Change>
  void order(const Change& change);

  owned_descriptor wake_;
  std::mutex mutex_;
  orders waiting_;
  bool is_woken_ = false;
};

}  // namespace libagent
