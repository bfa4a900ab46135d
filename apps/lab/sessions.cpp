#include "apps/lab/sessions.hpp"

#include "apps/lab/sessions_live.hpp"
#include "apps/lab/sessions_stored.hpp"
#include "apps/lab/store_runs.hpp"

#include <iostream>

namespace libagent::lab {

int run_sessions(const lab_options& options, const sessions_options& sessions) {
  if (!sessions.part.empty())
    return run_live_sessions_part(options, sessions.part);
  try {
    report result{"sessions"};
    result.set_config("quick", options.quick);
    lab_folder folder{sessions.folder};
    measure_live_sessions(result, options, folder);
    measure_stored_sessions(result, options, folder);
    return result.finish(options);
  } catch (const store_trouble& trouble) {
    std::cerr << "agent-lab: " << trouble.what() << '\n';
    return 1;
  }
}

}  // namespace libagent::lab
