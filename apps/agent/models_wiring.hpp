#pragma once

#include "actors/node.hpp"
#include "libagent/config/agent_config.hpp"
#include "libagent/ports/web_client.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace libagent::app {

/// Those who provide models, as configured; the extractive model is always among them.
struct wired_models {
  std::vector<provider_settings> providers;
  web_client_ptr client;  ///< Carries the calls; null: all models are embedded.
  /// For `actors::node_parts::models`.
  std::function<std::vector<actors::model_provider>(const actors::task_starter&)> make;

  /// Whether orders find such a model. Errors: `not_found`.
  [[nodiscard]] expected<void> check_model(std::string_view name) const;
};

/// Reads the providers' file, or makes one provider of the short options. `on_thread_start` runs on
/// the thread that carries the calls. Errors: a bad option or file, a key that is not to be had.
[[nodiscard]] expected<wired_models> wire_models(const agent_config& config,
                                                 const std::function<void()>& on_thread_start);

}  // namespace libagent::app
