#include "libagent/testing/recording_model.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/record/json.hpp"
#include "libagent/testing/cassette.hpp"

#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

namespace libagent::testing {

struct recording_model::keeper {
  std::mutex mutex;
  line_sink keep;

  void add(const cassette_line& line) {
    const auto text = to_json(line) + "\n";
    const std::lock_guard guard{mutex};
    keep(text);
  }
};

recording_model::recording_model(chat_model_ptr model, line_sink keep)
    : model_{std::move(model)}, keeper_{std::make_shared<keeper>()} {
  LIBAGENT_EXPECTS(model_ != nullptr && keep != nullptr);
  keeper_->keep = std::move(keep);
}

expected<std::shared_ptr<recording_model>> recording_model::to_file(chat_model_ptr model,
                                                                    const std::string& path) {
  const auto file = std::make_shared<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (!*file)
    return error{errc::io_failed, "record to " + path + ": it cannot be written"};
  return std::make_shared<recording_model>(std::move(model), [file](std::string_view line) {
    *file << line << std::flush;  // A test that crashes later keeps what it has paid for.
  });
}

void recording_model::start(chat_call call) {
  auto request = canonical_request(*call.request);
  if (!request)
    return call.on_end({.reply = request.error(), .so_far = {}});
  const auto deltas = std::make_shared<std::vector<chat_delta>>();
  const bool is_streamed = call.on_delta != nullptr;
  // Also when nobody listens: whoever replays may.
  call.on_delta = [deltas, pass_on = std::move(call.on_delta)](const chat_delta& delta) {
    deltas->push_back(delta);
    if (pass_on)
      pass_on(delta);
  };
  call.on_end = [deltas, is_streamed, request = std::move(*request), keeper = keeper_,
                 pass_on = std::move(call.on_end)](chat_end end) {
    if (end.reply || end.reply.error().code != errc::cancelled)
      keeper->add(to_cassette_line(request, *deltas, end));
    end.began = end.began && is_streamed;
    pass_on(std::move(end));
  };
  model_->start(std::move(call));
}

void recording_model::start(embedding_call call) {
  model_->start(std::move(call));
}

void recording_model::look_up(std::function<void(expected<chat_model_facts>)> on_facts) {
  model_->look_up(std::move(on_facts));
}

}  // namespace libagent::testing
