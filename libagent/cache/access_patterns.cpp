#include "libagent/cache/access_patterns.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace libagent {

namespace {

/// Turns keys into dense ids, and draws charge and cost of each new object.
class trace_builder {
public:
  trace_builder(std::size_t requests, std::uint64_t seed) : random_{seed} {
    trace_.requests.reserve(requests);
  }

  void request(std::uint32_t key) {
    if (key >= id_of_key_.size())
      id_of_key_.resize(std::size_t{key} + 1, entry_index::none);
    auto& id = id_of_key_[key];
    if (id == entry_index::none)
      id = add_object();
    trace_.requests.push_back(id);
  }

  [[nodiscard]] std::size_t size() const { return trace_.requests.size(); }

  [[nodiscard]] access_trace finish(std::size_t requests) && {
    trace_.requests.resize(std::min(requests, trace_.requests.size()));
    // Ids are numbered as they come, so those that only the rest asked for are the last ones.
    const auto last = std::ranges::max_element(trace_.requests);
    trace_.objects.resize(last == trace_.requests.end() ? 0 : std::size_t{*last} + 1);
    return std::move(trace_);
  }

private:
  std::uint32_t add_object() {
    const auto id = static_cast<std::uint32_t>(trace_.objects.size());
    const auto context = tokens(1'020, 1'155);
    const auto answer = tokens(129, 211);
    trace_.objects.push_back({.key_hash = hash_of_object(id),
                              .charge_bytes = 256 + 4 * (context + answer),
                              .cost = context + 4 * answer});
    return id;
  }

  std::uint32_t tokens(double median, double mean) {
    // A log-normal variable has its mean at median x exp(sigma^2 / 2).
    const auto sigma = std::sqrt(2 * std::log(mean / median));
    const auto radius = std::sqrt(-2 * std::log(1 - random_.unit()));
    const auto normal = radius * std::cos(2 * std::numbers::pi * random_.unit());
    return static_cast<std::uint32_t>(std::clamp(median * std::exp(sigma * normal), 1.0, 1e6));
  }

  access_trace trace_;
  std::vector<std::uint32_t> id_of_key_;
  seeded_random random_;
};

/// Draws ranks 0, 1, ... with probabilities proportional to 1 / (rank + 1)^skew.
class zipf_ranks {
public:
  zipf_ranks(std::uint32_t keys, double skew) {
    LIBAGENT_EXPECTS(keys > 0);
    double sum = 0;
    for (std::uint32_t rank = 0; rank < keys; ++rank)
      cumulative_.push_back(sum += std::pow(rank + 1.0, -skew));
  }

  [[nodiscard]] std::uint32_t draw(seeded_random& random) const {
    const auto at = std::ranges::upper_bound(cumulative_, random.unit() * cumulative_.back());
    const auto rank =
        std::min<std::ptrdiff_t>(at - cumulative_.begin(), std::ssize(cumulative_) - 1);
    return static_cast<std::uint32_t>(rank);
  }

private:
  std::vector<double> cumulative_;
};

std::uint32_t below(seeded_random& random, std::size_t bound) {
  return static_cast<std::uint32_t>(random() % bound);
}

class agent_mix_generator {
public:
  agent_mix_generator(const agent_mix_options& options, std::uint64_t seed)
      : options_{options},
        random_{seed},
        tail_{options.tail_keys, options.tail_skew},
        key_of_rank_(options.tail_keys),
        fresh_key_{options.tail_keys},
        builder_{options.requests, seed + 1} {
    std::iota(key_of_rank_.begin(), key_of_rank_.end(), 0U);
    for (std::uint32_t i = 0; i < options_.hot_keys; ++i)
      hot_.push_back(fresh_key_++);
  }

  access_trace run() && {
    while (builder_.size() < options_.requests) {
      if (is_time_for(options_.drift_every))
        drift();
      if (is_time_for(options_.scan_every))
        scan();
      ask(next_key());
      ++asked_;
    }
    return std::move(builder_).finish(options_.requests);
  }

private:
  [[nodiscard]] bool is_time_for(std::size_t period) const {
    return period != 0 && asked_ != 0 && asked_ % period == 0;
  }

  void ask(std::uint32_t key) {
    if (recent_.size() < options_.repeat_window) {
      recent_.push_back(key);
    } else {
      recent_[asked_ % recent_.size()] = key;
    }
    builder_.request(key);
  }

  std::uint32_t next_key() {
    const auto kind = random_.unit();
    if (kind < options_.repeat_share && !recent_.empty())
      return recent_[below(random_, recent_.size())];
    if (kind < options_.repeat_share + options_.hot_share) {
      const auto u = random_.unit();
      return hot_[static_cast<std::size_t>(static_cast<double>(hot_.size()) * u * u)];
    }
    return key_of_rank_[tail_.draw(random_)];
  }

  void drift() {
    for (std::uint32_t i = 0; i < options_.tail_keys / 100; ++i) {
      std::swap(key_of_rank_[below(random_, key_of_rank_.size())],
                key_of_rank_[below(random_, key_of_rank_.size())]);
    }
    for (std::uint32_t i = 0; i < options_.hot_keys / 10; ++i)
      hot_[below(random_, hot_.size())] = fresh_key_++;
  }

  void scan() {
    for (std::uint32_t i = 0; i < options_.scan_keys; ++i)
      builder_.request(fresh_key_++);
  }

  agent_mix_options options_;
  seeded_random random_;
  zipf_ranks tail_;
  std::vector<std::uint32_t> key_of_rank_;
  std::vector<std::uint32_t> hot_;
  std::vector<std::uint32_t> recent_;
  std::uint32_t fresh_key_;
  std::size_t asked_ = 0;  // without the scans
  trace_builder builder_;
};

}  // namespace

std::uint64_t access_trace::footprint_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& object : objects)
    sum += object.charge_bytes;
  return sum;
}

std::uint64_t hash_of_object(std::uint32_t id) {
  return seeded_random{id}();
}

access_trace in_object_mode(access_trace trace) {
  for (auto& object : trace.objects)
    object.charge_bytes = 1;
  return trace;
}

access_trace agent_mix(const agent_mix_options& options, std::uint64_t seed) {
  LIBAGENT_EXPECTS(options.hot_keys > 0 && options.repeat_window > 0);
  return agent_mix_generator{options, seed}.run();
}

access_trace zipf_requests(std::size_t requests, std::uint32_t keys, double skew,
                           std::uint64_t seed) {
  seeded_random random{seed};
  const zipf_ranks ranks{keys, skew};
  trace_builder builder{requests, seed + 1};
  while (builder.size() < requests)
    builder.request(ranks.draw(random));
  return std::move(builder).finish(requests);
}

access_trace zipf_with_scans(std::size_t requests, std::uint32_t keys, double skew,
                             std::uint64_t seed) {
  seeded_random random{seed};
  const zipf_ranks ranks{keys, skew};
  trace_builder builder{requests, seed + 1};
  auto fresh_key = keys;
  while (builder.size() < requests) {
    for (std::uint32_t i = 0; i < keys; ++i)
      builder.request(ranks.draw(random));
    for (std::uint32_t i = 0; i < keys; ++i)
      builder.request(fresh_key++);
  }
  return std::move(builder).finish(requests);
}

access_trace loop_requests(std::size_t requests, std::uint32_t keys, std::uint64_t seed) {
  LIBAGENT_EXPECTS(keys > 0);
  trace_builder builder{requests, seed};
  while (builder.size() < requests)
    builder.request(static_cast<std::uint32_t>(builder.size() % keys));
  return std::move(builder).finish(requests);
}

access_trace shifting_hot_set(std::size_t requests, std::uint32_t keys, std::uint32_t hot_keys,
                              std::size_t shift_every, std::uint64_t seed) {
  LIBAGENT_EXPECTS(keys > 0 && hot_keys > 0 && shift_every > 0);
  seeded_random random{seed};
  trace_builder builder{requests, seed + 1};
  while (builder.size() < requests) {
    const auto shift = builder.size() / shift_every;
    const auto hot = (shift * hot_keys + below(random, hot_keys)) % keys;
    const auto is_hot = random.unit() < 0.9;
    builder.request(is_hot ? static_cast<std::uint32_t>(hot) : below(random, keys));
  }
  return std::move(builder).finish(requests);
}

}  // namespace libagent
