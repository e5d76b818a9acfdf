#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "jobs.h"
#include "nestbox/options/options.h"
#include "nestbox/options/ports.h"
#include "nestbox/record/recordings.h"
#include "nestbox/store/visit_store.h"

namespace nestbox {

/// Looks after what has been recorded: opens the database, adopts what a crash left, lets go of what is too old or
/// takes too much room, and opens a recording's file for who asks. The disk is touched on the housekeeping thread and
/// the store's alone. Main thread only, but for open_recording().
class RecordingKeeper : public RecordingOpener {
 public:
  struct Ports {
    boost::asio::io_context& context;
    VisitStore& store;
    Jobs& housekeeping;
  };
  explicit RecordingKeeper(Ports ports);

  /// The state folder is there (again). Clips are adopted before `ready` runs, so that no new one is taken for old.
  void take_up(std::filesystem::path state, std::function<void()> ready);
  void apply(const RetainOptions& retain) { retain_ = retain; }
  /// Looks at the room on the disk now and every quarter of a minute from then on.
  void tidy();

  /// Why the visits cannot be kept, or what became of an older database; empty: all is well.
  const std::string& trouble() const noexcept { return trouble_; }

  // RecordingOpener.
  void open_recording(std::int64_t visit, What what, std::function<void(Result<Opened>)> done) override;

 private:
  using Visits = std::vector<VisitRecord>;
  void opened(const Result<VisitStore::Opened>& opened, const std::function<void()>& ready);
  void adopt(const Visits& unfinished, const Visits& recorded, const std::function<void()>& ready);
  void adopted(Visits unfinished, const std::vector<FoundClip>& found);
  void try_again(const Error& why, const std::function<void()>& ready);
  void write_next(const std::shared_ptr<std::deque<VisitRecord>>& visits);
  void schedule_tidying();
  void let_go(const Visits& recorded);
  /// Runs `work` on the main thread.
  template <class Work>
  void on_main(Work work);

  const Ports ports_;
  RetainOptions retain_;
  std::filesystem::path state_;
  std::string trouble_;
  boost::asio::steady_timer timer_;
  bool tidying_ = false;
};

}  // namespace nestbox
