#include "actors/model_flight.hpp"

#include <utility>

namespace libagent::actors {

namespace {

model_end gateway_is_gone() {
  return {.end = {.reply = error{errc::unavailable, "call a model: the model gateway has ended"},
                  .so_far = {}}};
}

/// The gateway weighs the usage; the vectors wait in the flight.
chat_end usage_of(const expected<embedding_call::reply>& ended) {
  if (!ended)
    return {.reply = ended.error(), .so_far = {}};
  chat_reply reply;
  reply.model = ended->model;
  reply.usage = ended->usage;
  return {.reply = std::move(reply), .so_far = {}};
}

}  // namespace

void model_flight::start(chat_model& model, const gateway_line_ptr& line, std::uint64_t id) {
  ++attempts_;
  if (!sent_)
    sent_ = line->now();
  send(model, line, id);
}

void model_flight::heed(const std::stop_token& stop, const gateway_line_ptr& line,
                        std::uint64_t id) {
  if (stop.stop_possible())
    on_stop_.emplace(stop, stop_listener{halt_, line, id});
}

void model_flight::stop_listener::operator()() const noexcept {
  // Ending the attempt may end the flight, and with it this object.
  const auto told = line;
  const auto whom = id;
  auto attempt = halt;
  attempt.request_stop();
  told->send_cancel(whom);
}

chat_flight::chat_flight(flight_plan plan, model_order order,
                         std::shared_ptr<const chat_request> request)
    : model_flight{std::move(plan)},
      order_{std::move(order)},
      request_{std::move(request)},
      on_end_{std::exchange(order_.on_end, nullptr)} {}

chat_flight::~chat_flight() {
  chat_flight::answer(gateway_is_gone());
}

void chat_flight::answer(model_end end) {
  std::function<void(model_end)> on_end;
  {
    const std::lock_guard guard{mutex_};
    on_end = std::exchange(on_end_, nullptr);
  }
  if (on_end)
    on_end(std::move(end));
}

std::optional<time_point> chat_flight::first_delta() const {
  const std::lock_guard guard{mutex_};
  return first_delta_;
}

void chat_flight::send(chat_model& model, const gateway_line_ptr& line, std::uint64_t id) {
  const auto attempt = attempts();
  {
    const std::lock_guard guard{mutex_};
    attempt_ = attempt;
  }
  auto self = std::static_pointer_cast<chat_flight>(shared_from_this());
  chat_call call{.request = request_,
                 .deadline = order_.deadline,
                 .stop = halt_token(),
                 .flow = order_.flow,
                 .trace = plan().trace,
                 .on_delta = nullptr,
                 .on_end = nullptr,
                 .in_one_piece = order_.in_one_piece};
  if (order_.on_delta) {
    call.on_delta = [self, attempt, line](const chat_delta& delta) {
      self->pass_on(attempt, delta, *line);
    };
  }
  call.on_end = [self, line, id](chat_end end) {
    line->send_end(id, std::make_shared<chat_end>(std::move(end)));
  };
  model.start(std::move(call));
}

void chat_flight::pass_on(std::uint32_t attempt, const chat_delta& delta,
                          const gateway_line& line) {
  const std::lock_guard guard{mutex_};
  if (!on_end_ || attempt != attempt_)
    return;
  if (!first_delta_)
    first_delta_ = line.now();
  order_.on_delta(delta);
}

embedding_flight::embedding_flight(flight_plan plan, std::shared_ptr<const embedding_call> call)
    : model_flight{std::move(plan)}, call_{std::move(call)} {}

embedding_flight::~embedding_flight() {
  embedding_flight::answer(gateway_is_gone());
}

void embedding_flight::answer(model_end end) {
  std::optional<embedding_call::reply> reply;
  {
    const std::lock_guard guard{mutex_};
    if (std::exchange(is_answered_, true))
      return;
    reply = std::exchange(reply_, std::nullopt);
  }
  if (!end.end.reply || !reply) {
    call_->on_end(end.end.reply ? error{errc::internal, "embed: no vectors"}
                                : end.end.reply.error());
  } else {
    call_->on_end(*std::move(reply));
  }
}

void embedding_flight::send(chat_model& model, const gateway_line_ptr& line, std::uint64_t id) {
  auto self = std::static_pointer_cast<embedding_flight>(shared_from_this());
  model.start(embedding_call{.model = plan().model,
                             .inputs = call_->inputs,
                             .dimensions = call_->dimensions,
                             .deadline = call_->deadline,
                             .stop = halt_token(),
                             .trace = plan().trace,
                             .on_end = [self, line, id](expected<embedding_call::reply> ended) {
                               auto end = std::make_shared<chat_end>(usage_of(ended));
                               if (ended) {
                                 const std::lock_guard guard{self->mutex_};
                                 self->reply_ = *std::move(ended);
                               }
                               line->send_end(id, std::move(end));
                             }});
}

}  // namespace libagent::actors
