/** What the user's own JAR holds. */
final class Crane {
  static String lift(String what) {
    if (what.equals("too much")) {
      throw new IllegalStateException("the crane fell over: " + what);
    }
    return "lifted " + what;
  }
}
