/// A library that a test module is linked against and then does not find, as after an upgrade of libcamera.
int nestbox_absent_library() {
  return 0;
}
