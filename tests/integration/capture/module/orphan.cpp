/// A camera module whose library is gone.
int nestbox_absent_library();

extern "C" int nestbox_camera_port_version() {
  return nestbox_absent_library();
}
