#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/testing/scripted_reply.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::testing {

/// Answers from a cassette that a `recording_model` has made, with no network: the same request
/// gets the same pieces and the same end.
///
/// Each line answers once, in the order of the file. A request that is not there, or not any more,
/// ends with `not_found`, whose text shows the nearest recorded request from where the two differ.
/// Requests are compared in their canonical form, so the order of JSON members does not matter.
/// Thread safety: any thread.
class replaying_model final : public chat_model {
public:
  /// `name` is what errors call the cassette.
  /// Errors: `corrupt` with the number of the first line that is none.
  [[nodiscard]] static expected<std::shared_ptr<replaying_model>> of(std::string_view lines,
                                                                     std::string name);

  /// Errors: `not_found`, `too_large` beyond 256 MB, and as above.
  [[nodiscard]] static expected<std::shared_ptr<replaying_model>> from_file(
      const std::string& path);

  void start(chat_call call) override;

  /// Lines that did not answer yet.
  [[nodiscard]] std::size_t left() const;

private:
  struct recorded {
    std::string request;
    std::vector<chat_delta> deltas;
    chat_end end;
    std::size_t line = 0;
    bool used = false;
  };

  [[nodiscard]] recorded* find(const std::string& request);
  [[nodiscard]] error nothing_for(const std::string& request) const;

  mutable std::mutex mutex_;
  std::string name_;
  std::vector<recorded> all_;
};

}  // namespace libagent::testing
